"""A written sentence as it is read aloud: no markdown, no emoji; numbers, money, dates, addresses and abbreviations in words (rule S7)."""

from agent_runtime.conversation.normalise.languages import LANGUAGES
from agent_runtime.conversation.normalise.markup import plain
from agent_runtime.conversation.normalise.rewriting import Rewritten, rewritten
from agent_runtime.conversation.normalise.rules import rules_of, tidy

__all__ = ["LANGUAGES", "Reading", "can_be_said", "reading", "spoken"]


class Reading:
    """What is synthesised (`text`, perhaps empty) for what was written (`source`), place by place."""

    __slots__ = ("_steps", "source", "text")

    def __init__(self, source: str, steps: tuple[Rewritten, ...]) -> None:
        self.source = source
        self.text = steps[-1].text
        self._steps = steps

    @property
    def is_changed(self) -> bool:
        """True: a share of the time is not the same share of the written text."""
        return self.text != self.source

    def source_until(self, characters: int) -> int:
        """Characters of `source` whose reading is complete with that many characters of `text`; up to a word's end, and never going back."""
        if characters >= len(self.text):
            return len(self.source)
        end = max(0, characters)
        for step in reversed(self._steps):
            end = step.source_until(end)
        return _whole_words(self.source, end)


def reading(text: str, language: str) -> Reading:
    """Of one sentence. `language` is a BCP-47 tag; for languages without words of their own only signs are taken out."""
    bare = plain(text)
    words = rewritten(bare.text, rules_of(language))
    return Reading(text, (bare, words, rewritten(words.text, tidy())))


def spoken(text: str, language: str) -> str:
    """The sentence for text-to-speech; may be empty when nothing of it can be said."""
    said = reading(text, language).text
    return said if can_be_said(said) else ""


def can_be_said(text: str) -> bool:
    """False: nothing of it makes a sound."""
    return any(char.isalnum() for char in text)


def _whole_words(text: str, end: int) -> int:
    """Not into the middle of a word; scripts without spaces can be cut anywhere."""
    if end >= len(text) or text[end].isspace():
        return end
    while end > 0 and not text[end - 1].isspace() and not "\u3040" <= text[end - 1] <= "\u9fff":
        end -= 1
    return end
