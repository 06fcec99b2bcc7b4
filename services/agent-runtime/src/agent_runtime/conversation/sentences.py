"""Cuts a stream of text into sentences at the earliest moment that is safe."""

import re

MIN_CLAUSE_CHARS = 40
"""The first segment may end at a comma from this length on, so that the voice begins sooner."""

_ABBREVIATION_LIST = """
mr mrs ms dr prof sr jr st vs etc inc ltd dept est approx ext tel fig vol e.g i.e u.s u.k a.m p.m
hr fr bzw ca z.b d.h str nr sra srta ud uds dña mme mlle ste
"""
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*")
_CLAUSE = re.compile(r"[,;:—–](?=\s)")
_PLAIN_WORD = re.compile(r"^[\W_]*[^\W\d_]{3,}$")


class SentenceSplitter:
    """Feed the model's text, get whole sentences. Not fooled by `Dr. Smith`, `3.5`, `example.com` or `e.g.`"""

    def __init__(self) -> None:
        self._text = ""
        self._has_emitted = False

    def push(self, delta: str) -> list[str]:
        """Sentences that are complete now."""
        self._text += delta
        sentences: list[str] = []
        while (end := self._boundary()) is not None:
            self._emit(end, sentences)
        return sentences

    def flush(self) -> list[str]:
        """The rest, at the end of the text."""
        sentences: list[str] = []
        self._emit(len(self._text), sentences)
        return sentences

    def _emit(self, end: int, into: list[str]) -> None:
        sentence, self._text = self._text[:end].strip(), self._text[end:]
        if any(char.isalnum() for char in sentence):
            self._has_emitted = True
            into.append(sentence)

    def _boundary(self) -> int | None:
        text = self._text
        newline = text.find("\n")
        for found in _END.finditer(text):
            if 0 <= newline < found.start():
                break
            if self._ends_sentence(found):
                return found.end()
        if newline >= 0:
            return newline + 1
        if not self._has_emitted:
            for found in _CLAUSE.finditer(text):
                if found.end() >= MIN_CLAUSE_CHARS:
                    return found.end()
        return None

    def _ends_sentence(self, found: re.Match[str]) -> bool:
        text, mark = self._text, found.group(0)
        is_last = found.end() == len(text)
        if mark[0] in "。！？":
            return True
        if not is_last and not text[found.end()].isspace():
            return False
        words = text[: found.start()].split()
        word = words[-1] if words else ""
        if mark != ".":
            return not is_last or mark[0] in "!?"
        if _is_abbreviation(word):
            return False
        if not is_last:
            following = text[found.end() :].lstrip()
            # A number with a full stop is an ordinal or a list item unless a new sentence visibly begins.
            return not (word.isdigit() and len(words) == 1) and (not following or not following[0].islower() or len(word) > 2)
        # The next piece could still turn `example.` into `example.com`: only a plain word is safe to end on.
        return bool(_PLAIN_WORD.match(word)) and not word.lower().lstrip("\"'(").startswith("www")


def _is_abbreviation(word: str) -> bool:
    bare = word.strip("\"'([").lower()
    return bare in _ABBREVIATIONS or (len(bare) == 1 and bare.isalpha() and bare != "i")
