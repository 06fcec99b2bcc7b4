"""The caller's audio into speech-to-text, and its transcripts back; opened again when it fails."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog
from callstage_audio.g711 import pcm16_to_ulaw, ulaw_to_pcm16
from callstage_audio.resample import Resampler
from callstage_domain.agent import AgentSettings
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope, cancel

from agent_runtime.conversation.inbox import CallInbox
from agent_runtime.conversation.turn_model import RecentAudio
from agent_runtime.conversation.turns.events import HearingLost, TurnEvent
from agent_runtime.providers.ports import ServedHook, SttProvider, SttRequest, SttStream

_log = structlog.get_logger(__name__)
_MAX_FAILURES = 3
_FORGIVEN_AFTER_S = 30.0
_RETRY_S = 0.2
_SEND_TIMEOUT_S = 2.0


class LineToStt(Protocol):
    """Audio of the line in the format of the recogniser."""

    def __call__(self, data: bytes) -> bytes: ...


def line_converter(source: AudioFormat, target: AudioFormat) -> LineToStt:
    """Streaming; keeps the filter's state of one call."""
    if source is target:
        return lambda data: data
    resampler = Resampler(source.rate_hz, target.rate_hz)

    def convert(data: bytes) -> bytes:
        pcm16 = resampler.push(ulaw_to_pcm16(data) if source is AudioFormat.PCMU_8K else data)
        return pcm16_to_ulaw(pcm16) if target is AudioFormat.PCMU_8K else pcm16

    return convert


class Hearing:
    """Run `run` as a task; it ends only when the recogniser is given up (after telling `tell(HearingLost())`)."""

    def __init__(
        self,
        stt: SttProvider,
        settings: AgentSettings,
        uplink: AudioFormat,
        inbox: CallInbox,
        tell: Callable[[TurnEvent], None],
        scope: TaskScope,
        *,
        on_served: ServedHook | None = None,
    ) -> None:
        self._stt = stt
        self._inbox = inbox
        self._tell = tell
        self._scope = scope
        audio_format = uplink if uplink in stt.formats else stt.formats[0]
        self._convert = line_converter(uplink, audio_format)
        self._request = SttRequest(audio_format, settings.language, settings.stt.model, settings.stt.options, on_served)
        self._stream: SttStream | None = None
        self._owed_ms: float | None = None
        """Of a finalize that no recogniser has got yet."""
        self._sending = asyncio.Lock()
        self.recent: RecentAudio | None = None
        """Set by whoever wants to know how the caller's turn sounded."""

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """Everything received so far goes out, then the recogniser is asked to settle it; the last `quiet_ms` of it hold no speech."""
        if self._stream is None:
            # A caller who speaks before the recogniser is there is heard all the same: his audio waits, too.
            self._owed_ms = quiet_ms
            return
        await self._finalize(self._stream, quiet_ms)

    async def _finalize(self, stream: SttStream, quiet_ms: float) -> None:
        try:
            await self._forward(stream)
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await stream.finalize(quiet_ms)
        except (DependencyError, TimeoutError) as err:
            # The reading side meets the same failure and opens the recogniser again.
            _log.warning("stt_finalize_failed", error=str(err) or type(err).__name__)

    async def run(self) -> None:
        """Until cancelled or given up."""
        loop = asyncio.get_running_loop()
        failures = 0
        while failures < _MAX_FAILURES:
            opened_at = loop.time()
            try:
                async with self._stt.open(self._request) as stream:
                    await self._listen(stream)
            except DependencyError as err:
                _log.warning("stt_failed", vendor=err.vendor, phase=err.phase, error=err.message)
            finally:
                self._stream = None
            failures = 1 if loop.time() - opened_at > _FORGIVEN_AFTER_S else failures + 1
            await asyncio.sleep(_RETRY_S * failures)
        self._tell(HearingLost())

    async def _listen(self, stream: SttStream) -> None:
        self._stream = stream
        if self._owed_ms is not None:
            owed_ms, self._owed_ms = self._owed_ms, None
            await self._finalize(stream, owed_ms)
        feeder = self._scope.start(self._feed(stream), name="stt_feed")
        try:
            async for transcript in stream.transcripts():
                self._tell(transcript)
        finally:
            await cancel(feeder)

    async def _feed(self, stream: SttStream) -> None:
        while True:
            await self._inbox.wait_for_audio()
            try:
                await self._forward(stream)
            except (DependencyError, TimeoutError):
                return

    async def _forward(self, stream: SttStream) -> None:
        async with self._sending:
            data = self._inbox.take_audio()
            if data and self.recent is not None:
                self.recent.add(data)
            if data:
                async with asyncio.timeout(_SEND_TIMEOUT_S):
                    await stream.send(self._convert(data))
