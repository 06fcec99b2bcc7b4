"""What the agent is saying while the caller speaks."""

from dataclasses import dataclass
from typing import Final

QUESTION_LEFT_MS: Final = 1200.0
"""A question of which so little is left has been understood."""
QUESTION_AGO_MS: Final = 1500.0
"""An agent who talks on after a question may still be answered it."""


@dataclass(frozen=True, slots=True)
class AgentSays:
    """What the caller hears at this moment, as far as it is known."""

    words: str = ""
    """Of this utterance: what was heard, and is about to be heard. A recogniser that hears an echo has understood it from its beginning."""
    near: str = ""
    """Of these the words of the last seconds."""
    sentence: str = ""
    """The sentence that plays."""
    sentence_left_ms: float = 0.0
    unheard_ms: float = 0.0
    since_question_ms: float | None = None
    """How long ago a question ended; None: none did in this utterance."""
    must_be_heard: bool = False
    """It is said whatever the caller does (rule A6)."""

    @property
    def asks(self) -> bool:
        """True while a question is at its end or has just been asked: now even "okay" is an answer."""
        is_asking = is_question(self.sentence) and self.sentence_left_ms <= QUESTION_LEFT_MS
        return is_asking or (self.since_question_ms is not None and self.since_question_ms <= QUESTION_AGO_MS)


def is_question(sentence: str) -> bool:
    """By its last mark."""
    return sentence.rstrip("\"'”’)» ").endswith(("?", "？", "؟"))
