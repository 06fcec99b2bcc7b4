"""The recogniser of a scene: what was said is known in advance, when it is understood is simulated."""

import random

from agent_runtime.providers.ports import Transcript

from tests.turn_taking.voices import Phrase

_INTERIM_EVERY_MS = 200
_LAG_MS = 300
_FINAL_AFTER_MS = 160
_BATCH_AFTER_MS = 350
_ECHO_AUDIBLE_DB = -24.0
_GARBLED = 0.15
_IMAGINED = 0.1
"""Of the noises that it is asked about it understands so many as a word."""


class Listener:
    """`is_streaming` False: a recogniser that says nothing before it is asked to finish."""

    def __init__(self, phrase: Phrase | None, at_ms: int, *, is_streaming: bool, seed: int) -> None:
        self._phrase = phrase
        self._at_ms = at_ms
        self._is_streaming = is_streaming
        self._random = random.Random(seed)
        self._finalize_ms: int | None = None
        self._settled = 0
        self._shown = ""
        self._own: list[tuple[int, str]] = []

    def overhears(self, words: str, at_ms: int, echo_db: float) -> None:
        """The agent's own words come back over the line at that time."""
        if echo_db >= _ECHO_AUDIBLE_DB and words:
            self._own += [(at_ms, "blah" if self._random.random() < _GARBLED else word) for word in words.split()]

    def finalize(self, now_ms: int) -> None:
        self._finalize_ms = now_ms + (_FINAL_AFTER_MS if self._is_streaming else _BATCH_AFTER_MS)

    def tick(self, now_ms: int) -> list[Transcript]:
        """What it says at this moment."""
        if self._finalize_ms is not None and now_ms >= self._finalize_ms:
            self._finalize_ms = None
            text = self._understood(now_ms) or ("you" if self._phrase is None and self._random.random() < _IMAGINED else "")
            self._settled, self._own, self._shown = len(self._said(now_ms).split()), [], ""
            return [Transcript(text, is_final=True, answers_finalize=True)]
        if self._is_streaming and now_ms % _INTERIM_EVERY_MS == 0:
            text = self._understood(now_ms - _LAG_MS)
            if text != self._shown:
                self._shown = text
                return [Transcript(text, is_final=False)]
        return []

    def _said(self, until_ms: float) -> str:
        return self._phrase.words_by(until_ms - self._at_ms) if self._phrase is not None and until_ms > self._at_ms else ""

    def _understood(self, until_ms: float) -> str:
        said = " ".join(self._said(until_ms).split()[self._settled :])
        # Who speaks over the echo is understood, the echo is not.
        return said or " ".join(word for at_ms, word in self._own if at_ms <= until_ms)
