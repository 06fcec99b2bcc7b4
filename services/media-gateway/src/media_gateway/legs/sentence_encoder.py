"""One complete MP3 per sentence, in order (rule WS3)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from callstage_audio.mp3 import encode_mp3
from callstage_kit.tasks import in_thread
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL

_MAX_WAITING: Final = 128


@dataclass(frozen=True, slots=True)
class Sentence:
    """PCM of one sentence; empty `pcm` is the end of the utterance."""

    utterance_id: str
    pcm: bytes
    generation: int


class SentenceEncoder:
    """Sentences in, MP3 files out through `deliver(sentence, mp3)`; the end of an utterance is delivered with an empty file."""

    def __init__(self, rate_hz: int, deliver: Callable[[Sentence, bytes], None]) -> None:
        self._rate_hz = rate_hz
        self._deliver = deliver
        self._queue: asyncio.Queue[Sentence] = asyncio.Queue(_MAX_WAITING)
        self._generation = 0

    def put(self, utterance_id: str, pcm: bytes) -> None:
        """Encode next. A sentence that finds 128 before it is dropped and counted."""
        try:
            self._queue.put_nowait(Sentence(utterance_id, pcm, self._generation))
        except asyncio.QueueFull:
            QUEUE_DROPPED_TOTAL.labels("sentences").inc()

    def drop(self) -> None:
        """Nothing put so far is delivered any more."""
        self._generation += 1

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            sentence = await self._queue.get()
            if sentence.generation != self._generation:
                continue
            mp3 = await in_thread(encode_mp3, sentence.pcm, self._rate_hz) if sentence.pcm else b""
            if sentence.generation == self._generation:
                self._deliver(sentence, mp3)
