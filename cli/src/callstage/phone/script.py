"""When does the caller speak, and when hang up? Pure: time and what is heard come in, a decision comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from callstage.phone.voice import Utterance

# A pause this long between two sounds of the agent makes the second one an answer of its own.
_NEW_ANSWER_S = 0.2


class HangUp(Enum):
    """Why the caller puts the phone down."""

    DONE = "the caller said everything"
    NO_ANSWER = "the agent stayed quiet"


@dataclass(frozen=True, slots=True)
class Ear:
    """What 20 ms sound like. `is_pending`: more sound of the agent waits to be played."""

    is_audible: bool
    is_pending: bool


class Script:
    """Says one line after the other, each after the agent spoke and was then quiet for `quiet_s`.

    After the last line it waits for an answer and `last_word_s` of quiet, so that the agent can still hang up itself. When the agent says nothing
    for `timeout_s` after a line (or at the start), it hangs up. With `speaks_first` no greeting is waited for.
    """

    def __init__(
        self, lines: Sequence[Utterance], *, timeout_s: float, quiet_s: float = 0.7, last_word_s: float = 3.0, speaks_first: bool = False
    ) -> None:
        self._lines = list(lines)
        self._timeout_s = timeout_s
        self._quiet_s = quiet_s
        self._last_word_s = last_word_s
        self._waiting_since_s: float | None = None
        self._last_heard_s: float | None = None
        self._speaks_first = speaks_first
        self._is_answered = False

    def step(self, now_s: float, ear: Ear, *, is_speaking: bool) -> Utterance | HangUp | None:
        """Called every 20 ms with the caller's own state; returns what to do now, if anything."""
        if is_speaking or self._waiting_since_s is None:
            self._is_answered = self._speaks_first and self._waiting_since_s is None
            self._waiting_since_s = now_s
        if ear.is_audible:
            begins = self._last_heard_s is None or now_s - self._last_heard_s >= _NEW_ANSWER_S
            self._is_answered = self._is_answered or (begins and not is_speaking)
            self._last_heard_s = now_s
        if is_speaking:
            return None
        return self._decide(now_s, ear)

    @property
    def is_answered(self) -> bool:
        """Whether the agent spoke since the caller's last line."""
        return self._is_answered

    def _decide(self, now_s: float, ear: Ear) -> Utterance | HangUp | None:
        quiet_s = now_s - max(self._last_heard_s or 0.0, self._waiting_since_s or 0.0)
        if not self._is_answered:
            return HangUp.NO_ANSWER if quiet_s >= self._timeout_s else None
        if ear.is_pending or quiet_s < (self._quiet_s if self._lines else self._last_word_s):
            return None
        return self._lines.pop(0) if self._lines else HangUp.DONE
