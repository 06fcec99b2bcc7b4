"""The last part of a call whose caller leaves a message: tone, message, farewell. The turn machine is over by then; nobody answers (rule B3)."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_audio.tone import beep
from callstage_contracts.events import VoicemailLeft
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import CallstageError

from agent_runtime.conversation.inbox import CallInbox
from agent_runtime.conversation.keypad.tones import ToneSound
from agent_runtime.conversation.outlet import EventSink, Outlet
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.reply import farewell
from agent_runtime.conversation.speech import Speech
from agent_runtime.conversation.transcript import Transcript as TranscriptTeller
from agent_runtime.conversation.turns.events import KeyPressed, SpeechStarted, SpeechStopped, TextTyped
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.conversation.voice_mouth import VoiceMouth
from agent_runtime.conversation.voicemail.message import Message
from agent_runtime.providers.ports import Transcript
from agent_runtime.stages.entries import EndRequested, Replied

_log = structlog.get_logger(__name__)
BEEP_MS: Final = 600.0
_SETTLE_S: Final = 1.5
"""How long the recogniser is waited for after the last word."""
_PLAYOUT_GRACE_S: Final = 5.0
_OF_THE_MESSAGE = (SpeechStarted, SpeechStopped, KeyPressed, TextTyped, Transcript)
Finalize = Callable[[float], Awaitable[None]]


class Voicemail:
    """One call. Run `run` when the agent's last sentence was heard; feed it with `takes` meanwhile."""

    def __init__(
        self,
        record: ConversationRecord,
        speech: Speech,
        mouth: VoiceMouth,
        downlink: AudioFormat,
        outlet: Outlet,
        transcript: TranscriptTeller,
        events: EventSink,
        finalize: Finalize,
        clock_ms: Callable[[], float],
    ) -> None:
        self._record = record
        self._speech = speech
        self._mouth = mouth
        self._downlink = downlink
        self._outlet = outlet
        self._transcript = transcript
        self._events = events
        self._finalize = finalize
        self._clock_ms = clock_ms
        self._id = f"vm-{secrets.token_hex(8)}"
        self._message: Message | None = None
        self._news = asyncio.Event()
        self._settles = False
        self._is_settled = False
        self._is_told = False
        self._is_closed = False
        self._quiet_ms: float | None = None
        self.is_running = False

    async def run(self) -> None:
        """Until the farewell was heard. Never fails: a caller who has left his message is let go in any case."""
        self.is_running = True
        try:
            await self._beep()
            await self._listen()
            await self._say_farewell()
        except CallstageError as err:
            _log.warning("voicemail_cut_short", error=err.message)
        finally:
            self._end()

    def takes(self, event: object) -> bool:
        """True: it belongs to the message, or to nothing; the turn machine need not see it."""
        if not self.is_running or not isinstance(event, _OF_THE_MESSAGE):
            return False
        if self._message is not None:
            self._message.on(event, self._clock_ms())
            if isinstance(event, SpeechStopped):
                self._quiet_ms = event.silence_ms
            elif isinstance(event, Transcript) and event.is_final and self._settles and (event.answers_finalize or event.text):
                self._is_settled = True
            self._news.set()
        return True

    async def hung_up(self, inbox: CallInbox) -> None:
        """The caller has ended his message by hanging up: what he said last is understood, and the message is told."""
        message = self._message
        if message is None or self._is_told:
            return
        self._end()
        self._settles = True
        try:
            async with asyncio.timeout(_SETTLE_S):
                await self._finalize(0.0)
                while not self._is_settled:
                    self.takes(await inbox.next_event(None))
        except TimeoutError:
            pass
        self._tell(message)

    async def _beep(self) -> None:
        pcm16 = beep(BEEP_MS, self._downlink.rate_hz)
        utterance = self._speech.begin(is_kept=False)
        utterance.must_hear = 1
        was_heard = self._settled(utterance)
        sound = ToneSound(pcm16_to_ulaw(pcm16) if self._downlink is AudioFormat.PCMU_8K else pcm16, self._downlink)
        self._speech.sound(utterance, sound, [])
        self._speech.close(utterance)
        await self._heard(was_heard)

    async def _listen(self) -> None:
        message = self._message = Message(self._clock_ms())
        self._outlet.voicemail(self._id, is_over=False, retention_days=self._record.snapshot.settings.recording_retention_days)
        while message.ended_ms is None:
            self._news.clear()
            await self._settle_pause()
            try:
                async with asyncio.timeout(max(0.0, (message.due_ms - self._clock_ms()) / 1000)):
                    await self._news.wait()
            except TimeoutError:
                message.tick(self._clock_ms())
        self._end()
        self._settles = True
        try:
            async with asyncio.timeout(_SETTLE_S):
                await self._finalize(0.0)
                while not self._is_settled:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        self._tell(message)

    async def _settle_pause(self) -> None:
        """A recogniser of whole turns must be asked at each pause, or it would hear a message of three minutes at once."""
        quiet_ms, self._quiet_ms = self._quiet_ms, None
        if quiet_ms is not None:
            await self._finalize(quiet_ms)

    def _end(self) -> None:
        """The gateway has all of it."""
        message = self._message
        if message is not None and not self._is_closed:
            self._is_closed = True
            message.end(self._clock_ms())
            self._outlet.voicemail(self._id, is_over=True, retention_days=None)

    def _tell(self, message: Message) -> None:
        if self._is_told:
            return
        self._is_told = True
        text, ended_ms = message.text, message.ended_ms or self._clock_ms()
        if not text and not message.has_speech:
            _log.info("voicemail_empty")
            return
        record, info = self._record, self._record.info
        if text:
            self._transcript.user(text, turn=record.state.turns, stage=record.state.stage, started_ms=message.begun_ms, ended_ms=ended_ms)
        ending = record.state.ending
        self._events.publish(
            VoicemailLeft(
                tenant_id=info.tenant_id,
                call_id=info.call_id,
                voicemail_id=self._id,
                agent_id=info.agent_id,
                caller_phone=info.caller_phone,
                to_number=info.to_number,
                reason=_of(ending, "reason"),
                text=text,
                duration_ms=int(ended_ms - message.begun_ms),
                retention_days=record.snapshot.settings.recording_retention_days,
            )
        )

    async def _say_farewell(self) -> None:
        utterance, said = self._mouth.phrase(farewell(self._record), must_hear=farewell(self._record))
        self._outlet.keep_playing(utterance)
        self._record.add(Replied(utterance=utterance, text=said))
        await self._mouth.drained()
        try:
            async with asyncio.timeout(self._speech.playout.unheard_ms() / 1000 + _PLAYOUT_GRACE_S):
                # The account of the playout has no event of its own.
                while self._speech.playout.knows(utterance):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pass

    def _settled(self, utterance: Utterance) -> "asyncio.Future[bool]":
        was_heard: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        utterance.on_settled = lambda was_cut: None if was_heard.done() else was_heard.set_result(not was_cut)
        self._outlet.keep_playing(utterance.id)
        return was_heard

    async def _heard(self, was_heard: "asyncio.Future[bool]") -> None:
        """The line may not tell how far it has played."""
        try:
            async with asyncio.timeout((self._speech.playout.unheard_ms() + BEEP_MS) / 1000 + _PLAYOUT_GRACE_S):
                await was_heard
        except TimeoutError:
            pass


def _of(ending: EndRequested | None, name: str) -> str:
    return (ending.voicemail or {}).get(name, "") if ending is not None else ""
