"""When an answer is prepared before the turn is sure, and when that is thrown away. Text in, effects out."""

from typing import Literal

from agent_runtime.conversation.turns.events import DropPrepared, PrepareReply

EagerLevel = Literal["off", "silence", "text"]
"""`silence`: prepare when the caller has fallen silent; `text`: also as soon as a settled text ends like a turn, while the silence is still young."""

MOST_TRIES = 3
"""Preparations per turn of the caller: what is thrown away costs tokens."""


class Speculation:
    """One call. At most one answer is in preparation."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._began_ms = 0.0
        self._tries = 0

    def follow(self, likely: str | None, now_ms: float, *, is_turn_open: bool) -> list[PrepareReply | DropPrepared]:
        """`likely` is what the turn will be if it ends now; None: it will not, or nothing may be answered now."""
        effects: list[PrepareReply | DropPrepared] = []
        if not is_turn_open:
            self._tries = 0
        if self._text is not None and (likely is None or not same_words(likely, self._text)):
            self._text = None
            effects.append(DropPrepared())
        if self._text is None and likely and self._tries < MOST_TRIES:
            self._text, self._began_ms = likely, now_ms
            self._tries += 1
            effects.append(PrepareReply(likely))
        return effects

    def answered(self, text: str) -> tuple[float | None, list[DropPrepared]]:
        """A reply to `text` begins: when it began to be prepared, None when it was not; and what to do before with an answer to other words."""
        prepared, self._text = self._text, None
        if prepared is None:
            return None, []
        return (self._began_ms, []) if text and same_words(text, prepared) else (None, [DropPrepared()])


def same_words(one: str, other: str) -> bool:
    """True when both say the same, whatever their case, punctuation and spacing."""
    return bare_words(one) == bare_words(other)


def bare_words(text: str) -> str:
    """Letters and digits of each word, in lower case, between single spaces."""
    bare = ("".join(char for char in word if char.isalnum()) for word in text.casefold().split())
    return " ".join(word for word in bare if word)
