"""When each word of a sentence sounds: from the vendor's word times, or in proportion to what is really spoken."""

import re

from agent_runtime.conversation.spoken_text import Reading
from agent_runtime.providers.ports import SpokenWord
from agent_runtime.stages.history import WordMark

_WORD_END = re.compile(r"(?<=\S)(?=\s|$)")
_CHARACTER_MS = 60.0
"""Of speech that is not made yet; about a thousand characters a minute."""


class WordTrack:
    """One sentence in the making. Marks count characters of the sentence as it was written, never more than were spoken."""

    def __init__(self, said: Reading) -> None:
        self._said = said
        self.words: list[SpokenWord] = []
        """As the vendor told them, in the text that was spoken."""
        self._marks: list[WordMark] = []

    def take(self, words: tuple[SpokenWord, ...]) -> None:
        """More word times (`TtsRequest.on_words`); what goes back is not believed."""
        for word in words:
            self.words.append(word)
            self._mark(word.end_ms, word.until_character)

    def marks(self) -> tuple[WordMark, ...]:
        """Of the words whose times are known so far."""
        return tuple(self._marks)

    def complete(self, duration_ms: float) -> tuple[WordMark, ...]:
        """Of the whole sentence, which lasts that long. Empty: every word takes its share of the time."""
        if self._marks:
            return tuple((min(end_ms, round(duration_ms)), until) for end_ms, until in self._marks)
        if not self._said.is_changed or duration_ms <= 0:
            return ()
        text = self._said.text
        for found in _WORD_END.finditer(text):
            self._mark(duration_ms * found.end() / len(text), found.end())
        return tuple(self._marks)

    def expected_ms(self) -> float:
        """How long it will last, roughly."""
        return len(self._said.text) * _CHARACTER_MS

    def _mark(self, end_ms: float, spoken_until: int) -> None:
        last_ms, last_until = self._marks[-1] if self._marks else (0, 0)
        until = self._said.source_until(spoken_until)
        if until > last_until and end_ms >= last_ms:
            self._marks.append((round(end_ms), until))
