"""Audio that can be read: each word of the caller and each sentence of the agent is a level of its own: nothing is lost or doubled unseen."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import groupby

from agent_runtime.providers.capabilities import SttCapabilities, TtsCapabilities
from agent_runtime.providers.ports import SttRequest, Transcript, TtsRequest, Voice
from callstage_domain.audio import AudioFormat

FRAME_BYTES = 160
SILENCE = 0xFF
WORD_FRAMES, PAUSE_FRAMES = 8, 2
MS_PER_CHARACTER = 20
_FINAL_DELAY_S = 0.06
_WORDS_PER_FINAL = 3
"""The recogniser settles as many words while the caller goes on."""


class Code:
    """Texts as µ-law values: values below 0x40 are loud."""

    def __init__(self, first: int, limit: int) -> None:
        self._first, self._limit = first, limit
        self._texts: list[str] = []

    def level(self, text: str) -> int:
        """The value that stands for a text."""
        if text not in self._texts:
            self._texts.append(text)
        level = self._first + self._texts.index(text)
        assert level < self._limit, "too many different texts for one call"
        return level

    def text(self, level: int) -> str:
        """What the value stands for."""
        return self._texts[level - self._first]

    def knows(self, level: int) -> bool:
        """True for one of this code's values."""
        return self._first <= level < self._first + len(self._texts)


def spoken(text: str, words: Code) -> list[bytes]:
    """Frames of a caller who says that: a tone, which nobody can take for an echo of the agent's steady levels."""
    frames: list[bytes] = []
    for word in text.split():
        level = words.level(word)
        frames += [bytes([level, level | 0x80]) * (FRAME_BYTES // 2)] * WORD_FRAMES + [bytes([SILENCE]) * FRAME_BYTES] * PAUSE_FRAMES
    return frames[:-PAUSE_FRAMES]


class ReadingStt:
    """Reads the words off the audio. A word is known when it is over."""

    name = "reading"
    formats = (AudioFormat.PCMU_8K,)
    capabilities = SttCapabilities(formats)

    def __init__(self, words: Code) -> None:
        self._words = words

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator["_Reading"]:
        """See `SttProvider`."""
        yield _Reading(self._words)


class _Reading:
    def __init__(self, words: Code) -> None:
        self._words = words
        self._unsettled = bytearray()
        self._out: asyncio.Queue[tuple[float, Transcript]] = asyncio.Queue()

    async def send(self, audio: bytes) -> None:
        self._unsettled += audio[::FRAME_BYTES]
        if self._unsettled and self._unsettled[-1] == SILENCE and len(self._read()) >= _WORDS_PER_FINAL:
            self._settle(0.0, answers_finalize=False)

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        self._settle(_FINAL_DELAY_S, answers_finalize=True)

    async def transcripts(self) -> AsyncGenerator[Transcript]:
        while True:
            delay_s, transcript = await self._out.get()
            await asyncio.sleep(delay_s)
            yield transcript

    def _read(self) -> list[str]:
        return [self._words.text(level) for level, _ in groupby(self._unsettled) if self._words.knows(level)]

    def _settle(self, delay_s: float, *, answers_finalize: bool) -> None:
        self._out.put_nowait((delay_s, Transcript(" ".join(self._read()), is_final=True, answers_finalize=answers_finalize)))
        self._unsettled.clear()


class WritingTts:
    """Writes sentences into audio, a frame per character, in pieces of 100 ms."""

    name = "writing"
    formats = (AudioFormat.PCMU_8K,)
    capabilities = TtsCapabilities(formats)

    def __init__(self, sentences: Code) -> None:
        self._sentences = sentences

    async def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes]:
        """See `TtsProvider`."""
        frame = bytes([self._sentences.level(request.text)]) * FRAME_BYTES
        for start in range(0, len(request.text), 5):
            await asyncio.sleep(0.01)
            yield frame * len(request.text[start : start + 5])

    async def voices(self) -> list[Voice]:
        """None to choose from."""
        return []
