"""Cuts a stream of text into sentences at the earliest moment that is safe."""

import re

from agent_runtime.conversation.sentence_ends import CLOSING, SURE, is_end, is_pending

MIN_CLAUSE_CHARS = 40
"""The first segment may end at a comma from this length on, so that the voice begins sooner."""
MAX_SENTENCE_CHARS = 400
"""Longer ones are cut between two words: a voice has limits, and so has the patience of who waits for it."""

_END = re.compile(rf"[.!?…{SURE}]+[{CLOSING}]*(?:[\u00a0\u202f ]»)?|\n")
_CLAUSE = re.compile(r"[,;:—–](?=\s)|[、，；：]")


class SentenceSplitter:
    """Feed the model's text, get whole sentences. Not fooled by `Dr. Smith`, `3.5`, `example.com` or `z. B.`

    Nothing is lost: put together, the sentences are the text without the space between them. What cannot be said (an emoji, three dots)
    goes with the sentence before or after it; a text that holds nothing else gives no sentence. `language` is a BCP-47 tag.
    """

    def __init__(self, language: str = "") -> None:
        self._language = language.replace("_", "-").split("-")[0].lower()
        self._text = ""
        self._has_emitted = False

    @property
    def rest(self) -> str:
        """The beginning of the next sentence."""
        return self._text.strip()

    def push(self, delta: str) -> list[str]:
        """Sentences that are complete now."""
        self._text += delta
        sentences: list[str] = []
        start = 0
        while (end := self._boundary(start)) is not None:
            start = self._emit(start, end, sentences)
        self._text = self._text[start:]
        return sentences

    def flush(self) -> list[str]:
        """The rest, at the end of the text."""
        sentences = self.push("")
        rest, self._text = self._text.strip(), ""
        if rest and (self._has_emitted or _can_be_said(rest)):
            self._has_emitted = True
            sentences.append(rest)
        return sentences

    def _emit(self, start: int, end: int, into: list[str]) -> int:
        """Where the rest begins."""
        sentence = self._text[start:end].strip()
        if sentence:
            into.append(sentence)
            self._has_emitted = True
        return end

    def _boundary(self, start: int) -> int | None:
        """The end of a sentence that begins at `start`; it holds something that can be said, unless it had to be forced."""
        text = self._text
        limit = min(len(text), start + MAX_SENTENCE_CHARS)
        for found in _END.finditer(text, start, limit):
            if not _can_be_said(text[start : found.start()]):
                continue
            if found.group() == "\n" or self._ends(found, start):
                return found.end()
        if not self._has_emitted:
            for found in _CLAUSE.finditer(text, start, limit):
                if found.end() - start >= MIN_CLAUSE_CHARS and _can_be_said(text[start : found.end()]):
                    return found.end()
        return self._forced(start) if len(text) - start > MAX_SENTENCE_CHARS else None

    def _ends(self, found: re.Match[str], start: int) -> bool:
        text, words = self._text, self._text[start : found.start()].split()
        if found.end() < len(text):
            return is_end(words, found.group(), text[found.end() :][:24], self._language)
        return not is_pending(words, found.group(), self._language)

    def _forced(self, start: int) -> int:
        piece = self._text[start : start + MAX_SENTENCE_CHARS]
        last = max(piece.rfind(sign) for sign in " \t,;、，")
        return start + (last + 1 if last > MAX_SENTENCE_CHARS // 4 else MAX_SENTENCE_CHARS)


def _can_be_said(text: str) -> bool:
    return any(char.isalnum() for char in text)
