"""An answer that broke off in the middle is gone on with by another model, and nothing of it is said twice. Pure."""

from dataclasses import replace
from typing import Final

from agent_runtime.providers.ports import LlmRequest, Message

_NOTE: Final = (
    "A technical fault cut your answer off right behind the words above; the caller has heard them. Go on exactly where they stop, in the middle of "
    "the sentence if need be. Do not repeat or rephrase them, do not apologise and do not mention the fault. If nothing is missing, write nothing."
)
_SHORTEST_PIECE: Final = 3
"""So many letters at the end of what was said may be the beginning of the next word."""
_CLOSING: Final = ".,;:!?…)]}”’'\"%。，！？"


def continued(request: LlmRequest, said: str) -> LlmRequest:
    """The request that makes a model go on after `said`; the request itself when nothing was said yet."""
    if not said.strip():
        return request
    rest = (Message("assistant", said.strip()), Message("system", _NOTE))
    return replace(request, messages=(*request.messages, *rest))


def is_continued(request: LlmRequest) -> bool:
    """True when `continued` made this request."""
    return bool(request.messages) and request.messages[-1] == Message("system", _NOTE)


class Seam:
    """Feed the text of the second model, get what is new in it. One that begins anew or repeats the last words is held back until it says more."""

    def __init__(self, said: str) -> None:
        self._said = said
        self._known = [_bare(word) for word in said.split()]
        self._buffer = ""
        self._is_open = bool(self._known)

    def push(self, delta: str) -> str:
        """The part of it that may be said now."""
        if not self._is_open:
            return delta
        self._buffer += delta
        words = self._buffer.split()
        whole = words if self._buffer[-1:].isspace() else words[:-1]
        if not whole or self._may_go_on([_bare(word) for word in whole]):
            return ""
        return self._opened(whole)

    def flush(self) -> str:
        """What is left at the end of the text."""
        return self._opened(self._buffer.split()) if self._is_open else ""

    def _may_go_on(self, words: list[str]) -> bool:
        """Could this be the beginning of a longer repetition?"""
        return any(len(self._known) - start > len(words) and self._known[start : start + len(words)] == words for start in range(len(self._known)))

    def _opened(self, words: list[str]) -> str:
        self._is_open = False
        text, bare = self._buffer, [_bare(word) for word in words]
        for start in range(len(self._known)):
            tail = self._known[start:]
            if bare[: len(tail)] == tail:
                return self._joined(_without_words(text, len(tail)))
            if self._has_torn_word and bare[: len(tail) - 1] == tail[:-1] and len(bare) >= len(tail) and bare[len(tail) - 1].startswith(tail[-1]):
                return _without_words(text, len(tail) - 1).lstrip()[len(tail[-1]) :]
        return self._joined(text)

    @property
    def _has_torn_word(self) -> bool:
        last = self._known[-1]
        return self._said[-1:].isalpha() and len(last) >= _SHORTEST_PIECE

    def _joined(self, text: str) -> str:
        if self._said[-1:].isspace():
            return text.lstrip()
        if not text or not self._said or text[0].isspace() or text[0] in _CLOSING:
            return text
        return f" {text}"


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum()) or word


def _without_words(text: str, count: int) -> str:
    """`text` behind its first words."""
    position = 0
    for _ in range(count):
        while position < len(text) and text[position].isspace():
            position += 1
        while position < len(text) and not text[position].isspace():
            position += 1
    return text[position:]
