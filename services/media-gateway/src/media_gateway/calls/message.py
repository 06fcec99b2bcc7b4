"""A caller leaves a message without an agent: the number's voicemail route (rules N5, X2). Neither a runtime nor a provider is needed.

The carrier's voice has said the greeting; here are the tone, the recording, and its end.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Final

import structlog
from callstage_audio.g711 import pcm16_to_ulaw, ulaw_to_pcm16
from callstage_audio.level import rms_dbfs
from callstage_audio.tone import beep
from callstage_contracts.events import VoicemailLeft
from callstage_domain.audio import AudioFormat
from callstage_domain.call import EndedReason
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.tasks import TaskScope

from media_gateway.calls.facts import CallFacts
from media_gateway.calls.states import CallStates
from media_gateway.legs.port import Leg
from media_gateway.recording.desk import RecordingDesk
from media_gateway.recording.recorder import CallRecorder

_log = structlog.get_logger(__name__)
BEEP_MS: Final = 600.0
MAX_MS: Final = 180_000.0
FIRST_WORDS_MS: Final = 10_000.0
SILENCE_MS: Final = 5_000.0
"""As `leave_voicemail` of an agent has them."""
VOICE_DBFS: Final = -45.0
"""Speech on the phone network sits near -20 dBFS, a quiet line below -60."""
_TICK_S: Final = 0.25


class Pause:
    """When a message is complete. Pure; times are ms of any steady clock."""

    def __init__(self, begun_ms: float) -> None:
        self._begun_ms = begun_ms
        self._voice_ms: float | None = None

    @property
    def has_voice(self) -> bool:
        """True when anything was said."""
        return self._voice_ms is not None

    def hears(self, level_dbfs: float, now_ms: float) -> None:
        """The level of the line."""
        if level_dbfs > VOICE_DBFS:
            self._voice_ms = now_ms

    def is_over(self, now_ms: float) -> bool:
        """By length, or by silence."""
        quiet_ms = now_ms - (self._begun_ms if self._voice_ms is None else self._voice_ms)
        return now_ms - self._begun_ms >= MAX_MS or quiet_ms >= (FIRST_WORDS_MS if self._voice_ms is None else SILENCE_MS)


class MessageSession:
    """One message. Implements `LegListener`."""

    def __init__(
        self,
        facts: CallFacts,
        leg: Leg,
        states: CallStates,
        publisher: EventPublisher,
        desk: RecordingDesk | None,
        now_ms: Callable[[], float] | None = None,
    ) -> None:
        self._facts = facts
        self._leg = leg
        self._states = states
        self._publisher = publisher
        self._now_ms = now_ms or _now_ms
        self._recorder = CallRecorder(facts.tenant_id, facts.call_id, leg.uplink, leg.downlink, lambda _from, _to: None, self._now_ms, desk)
        self._id = f"vm-{secrets.token_hex(8)}"
        self._pause: Pause | None = None
        self._over = asyncio.Event()
        leg.listen(self)

    async def run(self) -> None:
        """Until the message is complete and the carrier was told."""
        async with TaskScope("message", on_failure=self._failed) as scope:
            scope.start(self._leg.write(), name="write")
            scope.start(self._leg.read(), name="read")
            self._beep()
            await self._wait(BEEP_MS / 1000)
            begun_ms = self._now_ms()
            self._recorder.begin(max(0.0, time.time() * 1000 - self._facts.begun_at_ms), records=False)
            self._recorder.begin_voicemail(self._id, None)
            pause = self._pause = Pause(begun_ms)
            try:
                while not self._over.is_set() and not pause.is_over(self._now_ms()):
                    await self._wait(_TICK_S)
                    self._recorder.advance(self._now_ms())
            finally:
                # Also when the process leaves: what was said is kept.
                self._recorder.close()
                self._tell(pause, begun_ms)
            await self._states.set(self._facts.call_id, "ended")
            await self._leg.close(1000, "")

    def _beep(self) -> None:
        pcm16 = beep(BEEP_MS, self._leg.downlink.rate_hz)
        self._leg.play("tone", 0, pcm16_to_ulaw(pcm16) if self._leg.downlink is AudioFormat.PCMU_8K else pcm16)
        self._leg.end_segment("tone", 0)
        self._leg.end_utterance("tone")

    async def _wait(self, duration_s: float) -> None:
        try:
            async with asyncio.timeout(duration_s):
                await self._over.wait()
        except TimeoutError:
            return

    def _tell(self, pause: Pause, begun_ms: float) -> None:
        facts = self._facts
        _log.info("message_taken", call_id=facts.call_id, has_voice=pause.has_voice)
        if not pause.has_voice:
            return
        self._publisher.publish(
            VoicemailLeft(
                tenant_id=facts.tenant_id,
                call_id=facts.call_id,
                voicemail_id=self._id,
                agent_id=facts.agent_id,
                caller_phone=facts.caller_phone,
                to_number=facts.to_number,
                duration_ms=int(self._now_ms() - begun_ms),
            )
        )

    def _failed(self, name: str, error: BaseException) -> None:
        _log.error("message_task_failed", task=name, exc_info=error)
        self._over.set()

    def on_audio(self, audio: bytes) -> None:
        self._recorder.heard(audio)
        if self._pause is not None:
            pcm16 = ulaw_to_pcm16(audio) if self._leg.uplink is AudioFormat.PCMU_8K else audio
            self._pause.hears(rms_dbfs(pcm16), self._now_ms())

    def on_dtmf(self, digit: str) -> None:
        if digit == "#":
            self._over.set()

    def on_text(self, text: str) -> None:
        """Carriers have none."""

    def on_sent(self, utterance_id: str, duration_ms: float) -> None:
        """The tone is all there is."""

    def on_written(self, utterance_id: str) -> None:
        """The tone is all there is."""

    def on_utterance_sent(self, utterance_id: str) -> None:
        """The tone is all there is."""

    def on_mark(self, name: str) -> None:
        """None was sent."""

    def on_left(self, reason: EndedReason, *, is_final: bool) -> None:
        self._over.set()


def _now_ms() -> float:
    return time.monotonic() * 1000
