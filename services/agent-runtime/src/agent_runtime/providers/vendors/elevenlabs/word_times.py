"""Times of words out of ElevenLabs' times of characters. Pure."""

from typing import Any, Final

from agent_runtime.providers.ports import SpokenWord

_OVERLAP_MS: Final = 1.0
"""Rounding in the vendor's times."""


class WordTimes:
    """Puts characters together to words, over the borders of chunks."""

    def __init__(self) -> None:
        self._word = ""
        self._start_ms = 0.0
        self._end_ms = 0.0
        self._characters = 0

    def add(self, alignment: dict[str, Any] | None, sent_ms: float) -> tuple[SpokenWord, ...]:
        """Words that one chunk completes; `sent_ms` of audio came before it. Raises KeyError, TypeError, ValueError for another shape.

        The vendor does not say whether times count from the start of the sentence or of the chunk: times that go back are the chunk's own.
        """
        if not alignment or not alignment["characters"]:
            return ()
        starts, ends = alignment["character_start_times_seconds"], alignment["character_end_times_seconds"]
        offset_ms = sent_ms if float(starts[0]) * 1000 + _OVERLAP_MS < self._end_ms else 0.0
        words: list[SpokenWord] = []
        for character, start_s, end_s in zip(alignment["characters"], starts, ends, strict=True):
            if character.isspace() or _stands_alone(character):
                words += self.finish()
            if not character.isspace():
                self._start_ms = self._start_ms if self._word else float(start_s) * 1000 + offset_ms
                self._word += character
            self._end_ms = float(end_s) * 1000 + offset_ms if self._word else self._end_ms
            self._characters += len(character)
        return tuple(words)

    def finish(self) -> tuple[SpokenWord, ...]:
        """The last word, when one is open."""
        word, self._word = self._word, ""
        return (SpokenWord(word, self._start_ms, self._end_ms, self._characters),) if word else ()


def _stands_alone(character: str) -> bool:
    return "\u3040" <= character <= "\u9fff"
