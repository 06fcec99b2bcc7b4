"""Offline speech-to-text: an utterance is decoded as a whole when the caller falls silent."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from callstage_audio.g711 import ulaw_to_pcm16
from callstage_audio.resample import Resampler
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import PROVIDER_SECONDS

from agent_runtime.providers.capabilities import SttCapabilities
from agent_runtime.providers.failures import counted
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.vendors.offline.moonshine_pool import VENDOR, MoonshinePool
from agent_runtime.providers.vendors.offline.utterance import Utterance

_RATE_HZ: Final = 16_000
_MAX_RESULTS: Final = 64


class MoonshineStt:
    """Moonshine tiny, English only. Texts of other languages come out as English words."""

    name = VENDOR
    formats: tuple[AudioFormat, ...] = (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)
    capabilities = SttCapabilities(formats, languages=("en",), is_offline=True)

    def __init__(self, pool: MoonshinePool, *, interim_s: float = 1.0) -> None:
        self._pool = pool
        self._interim_s = interim_s

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator["MoonshineStream", None]:
        """See `SttProvider`."""
        stream = MoonshineStream(self._pool, request.audio_format, self._interim_s)
        async with TaskScope("moonshine", on_failure=stream.note_failure) as scope:
            scope.start(stream.work(), name="decode")
            try:
                yield stream
            finally:
                stream.end()


class MoonshineStream:
    """One recognition; decodes one utterance after the other."""

    def __init__(self, pool: MoonshinePool, audio_format: AudioFormat, interim_s: float) -> None:
        self._pool = pool
        self._is_ulaw = audio_format is AudioFormat.PCMU_8K
        self._resampler = Resampler(audio_format.rate_hz, _RATE_HZ)
        self._interim_s = interim_s
        self._utterance = Utterance()
        self._finals: list[bytes] = []
        self._wake = asyncio.Event()
        self._results: asyncio.Queue[Transcript | BaseException | None] = asyncio.Queue(_MAX_RESULTS)
        self._next_interim_s = interim_s

    async def send(self, audio: bytes) -> None:
        """Keep the audio; 20 ms cost some microseconds."""
        self._utterance.add(self._resampler.push(ulaw_to_pcm16(audio) if self._is_ulaw else audio))
        if self._interim_s and self._utterance.has_speech and self._utterance.duration_s >= self._next_interim_s:
            self._wake.set()

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """Have the utterance decoded."""
        self._utterance.add(self._resampler.push(b"", last=True))
        self._finals.append(self._utterance.take())
        self._next_interim_s = self._interim_s
        self._wake.set()

    async def transcripts(self) -> AsyncGenerator[Transcript, None]:
        """See `SttStream`."""
        while True:
            result = await self._results.get()
            if result is None:
                return
            if isinstance(result, BaseException):
                raise result
            yield result

    async def work(self) -> None:
        """Decode what was finalised; when idle, the utterance so far."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._finals:
                    await self._final(self._finals.pop(0))
                if self._utterance.has_speech and self._pool.is_idle:
                    await self._interim()
        except DependencyError as err:
            self._put(counted("stt", err))

    def note_failure(self, _: str, error: BaseException) -> None:
        """End the reader with what ended the worker."""
        self._put(error)

    def end(self) -> None:
        """End the reader."""
        self._put(None)

    async def _final(self, audio: bytes) -> None:
        started = time.monotonic()
        text = await self._pool.decode(audio) if audio else ""
        if audio:
            PROVIDER_SECONDS.labels("stt", VENDOR).observe(time.monotonic() - started)
        # A later finalize that waits already will be answered, too, and this is not its answer.
        self._put(Transcript(text, is_final=True, answers_finalize=not self._finals))

    async def _interim(self) -> None:
        self._next_interim_s = self._utterance.duration_s + self._interim_s
        text = await self._pool.decode(self._utterance.audio())
        # A finalize that came meanwhile has the better text.
        if text and not self._finals:
            self._put(Transcript(text, is_final=False))

    def _put(self, result: Transcript | BaseException | None) -> None:
        if self._results.full():
            self._results.get_nowait()
        self._results.put_nowait(result)
