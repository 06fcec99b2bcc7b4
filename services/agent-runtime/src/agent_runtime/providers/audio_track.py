"""The audio of an answer whose model speaks itself: written by its connection, read by whoever plays it."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from callstage_domain.audio import AudioFormat
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL

_LIMIT_MS = 300_000.0
"""No answer on a phone is longer; what a model says beyond it is dropped."""


class AudioTrack:
    """One answer. Whole samples in `audio_format`; one writer, one reader."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self.audio_format = audio_format
        self.is_ended = False
        self._waiting: deque[bytes] = deque()
        self._some = asyncio.Event()
        self._written = 0
        self._limit = audio_format.size_bytes(_LIMIT_MS)

    @property
    def written_ms(self) -> float:
        """How much there was so far."""
        return self.audio_format.duration_ms(self._written)

    def push(self, audio: bytes) -> None:
        """More of it; never waits."""
        if self._written + len(audio) > self._limit:
            QUEUE_DROPPED_TOTAL.labels("realtime_audio").inc()
            return
        self._written += len(audio)
        self._waiting.append(audio)
        self._some.set()

    def end(self) -> None:
        """Nothing follows."""
        self.is_ended = True
        self._some.set()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """As they come, to the end."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self.is_ended:
                return
            self._some.clear()
            await self._some.wait()
