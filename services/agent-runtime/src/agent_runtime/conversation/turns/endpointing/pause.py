"""What is known in a pause, and what a strategy makes of it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

_END_MARKS = frozenset(".!?。！？")
_QUOTES = "\"'”’»)]"


class Pace(StrEnum):
    """How long the caller is given before his turn counts as over."""

    QUICK = "quick"
    BRISK = "brisk"
    USUAL = "usual"
    """The agent's own `silence_threshold_ms`."""
    PATIENT = "patient"


@dataclass(frozen=True)
class Pause:
    """The caller is silent. `text` is the turn so far, `language` a tag (`de-AT`, `multi`), `probability` what the model says if it was asked."""

    text: str
    language: str = "en"
    probability: float | None = None

    @cached_property
    def words(self) -> list[str]:
        """Bare words in lower case: letters, digits and apostrophes."""
        kept = "".join(char if char.isalnum() or char in "'’" else " " for char in self.text.casefold())
        return [word.strip("'’").replace("’", "'") for word in kept.split() if word.strip("'’")]

    @cached_property
    def mark(self) -> str:
        """What the text ends with when it is no letter or digit: `.`, `?`, `,` …; empty otherwise."""
        text = self.text.rstrip().rstrip(_QUOTES)
        return text[-1] if text and not text[-1].isalnum() else ""

    @property
    def is_sentence(self) -> bool:
        """True when the recogniser has put an end mark behind it. Many put one at every pause."""
        return self.mark in _END_MARKS


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is for people who ask why the agent answered when it did."""

    pace: Pace
    reason: str


class EndpointStrategy(Protocol):
    """One kind of evidence."""

    def judge(self, pause: Pause) -> Verdict | None:
        """None: this evidence says nothing here."""
        ...
