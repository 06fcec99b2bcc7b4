"""One call: feeds the turn machine and does what it wants. The rules are in `turns/` and `stages/`; here is only plumbing."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

import structlog
from callstage_domain.agent import AgentSnapshot
from callstage_domain.call import EndedReason
from callstage_domain.errors import DependencyError, LimitExceeded
from callstage_kit.tasks import TaskScope, cancel
from callstage_kit.telemetry.metrics import RESUMES_TOTAL

from agent_runtime.call_info import CallRequest
from agent_runtime.conversation.eager import EagerAnswers
from agent_runtime.conversation.explanation import Explainer, Explanation
from agent_runtime.conversation.foresight import Foresight
from agent_runtime.conversation.greeting import disclosure, opening_text
from agent_runtime.conversation.hearing import Hearing
from agent_runtime.conversation.held_voice import HeldVoice
from agent_runtime.conversation.inbox import (
    CallInbox,
    Closed,
    CutOff,
    LookupArrived,
    MessageTaken,
    OperatorEnded,
    OperatorHint,
    PlayoutReport,
    SessionEvent,
)
from agent_runtime.conversation.keypad.keypad import Keypad
from agent_runtime.conversation.keypad.line_tools import LineTools
from agent_runtime.conversation.last_words import keep_last_words
from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.opening import OpenedConversation
from agent_runtime.conversation.outlet import CaptionSink, EventSink, OpenedCall, Outlet
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.conversation.preload import Preload
from agent_runtime.conversation.realtime_providers import with_realtime
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.reply import FILLER_AFTER_S, ReplyRunner, farewell, request_now
from agent_runtime.conversation.speech import Speech
from agent_runtime.conversation.tool_rounds import ToolRounds, ToolsBroken
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.turn_options import TurnOptions
from agent_runtime.conversation.turns.blame import INTERNAL_FAILURE, TOOL_FAILURE
from agent_runtime.conversation.turns.events import (
    Begin,
    CancelReply,
    DropPrepared,
    Effect,
    Ending,
    FailCall,
    FinalizeStt,
    HangUp,
    Interrupted,
    JudgePause,
    KeyPressed,
    PlayoutFinished,
    PrepareReply,
    ReplyEnded,
    ReplyKind,
    ResumePlayout,
    SpeechStarted,
    StartReply,
    TextTyped,
    Tick,
    TurnEvent,
)
from agent_runtime.conversation.turns.machine import END_CALL_LINGER_MS, TurnMachine
from agent_runtime.conversation.voice_mouth import VoiceMouth
from agent_runtime.conversation.voicemail.voicemail import Voicemail
from agent_runtime.journal.fold import Pending, pending
from agent_runtime.journal.writer import Journal
from agent_runtime.providers import ports
from agent_runtime.providers.preconnect import preconnect
from agent_runtime.stages.entries import Ended, EndRequested, Entry, Heard, Hinted, LookedUp, Overheard, Replied, UserSaid
from agent_runtime.stages.history import heard_text
from agent_runtime.stages.variables_read import opening_reads_lookup
from agent_runtime.tools.dispatcher import ToolDispatcher
from agent_runtime.tools.veil import Veil

_log = structlog.get_logger(__name__)
MAX_VAD_STOP_MS = 200
_TOOLS_AFTER_CALL_S = 15.0
_GOES_ON_S = 0.6
"""After a take-over the new gateway needs so long to notice that the caller still speaks."""
_AFTER_REQUEST_S = 0.01
MOVED = "taken_over"
"""The result of a session whose call goes on in another process."""


@dataclass(frozen=True, slots=True)
class SessionServices:
    """What all calls of the process share."""

    dispatcher: ToolDispatcher
    events: EventSink
    captions: CaptionSink
    phrases: PhraseCache
    vad_start_ms: int = 200
    filler_after_s: float = FILLER_AFTER_S
    explainer: Explainer | None = None
    turns: TurnOptions = field(default_factory=TurnOptions)


class VoiceSession:
    """Run `run` as a task; cancel it to suspend the call (the journal has everything)."""

    def __init__(
        self,
        request: CallRequest,
        opened: OpenedConversation,
        snapshot: AgentSnapshot,
        providers: ports.ProviderSet,
        services: SessionServices,
        journal: Journal,
        inbox: CallInbox,
        outlet: Outlet,
    ) -> None:
        self._request = request
        self._opened = opened
        self._snapshot = snapshot
        self._services = services
        self._inbox = inbox
        self._outlet = outlet
        self._scope = TaskScope("call", on_failure=self._task_failed)
        self._tool_scope = TaskScope("call_tools", on_failure=self._task_failed)
        self._loop_now: Callable[[], float] = asyncio.get_running_loop().time
        self._base_ms = self._loop_now() * 1000
        providers, self._realtime = with_realtime(
            providers, snapshot.settings, request.uplink, request.downlink, lambda: request_now(self._record), self._scope
        )
        if self._realtime is not None:
            # Such a model begins early by itself, or answers so soon that it is not worth it.
            services = self._services = replace(services, turns=replace(services.turns, eager="off"))
        self._explained = Explanation(
            services.explainer,
            opened.info,
            snapshot,
            providers,
            self._clock_ms,
            listened_s=lambda: request.uplink.duration_ms(inbox.taken_bytes) / 1000,
        )
        self._record = ConversationRecord(opened.info, snapshot, opened.state, journal, self._explained.parts, self._explained.recorder)
        eager = EagerAnswers(providers, self._record.parts, snapshot.settings.language, self._scope)
        self._providers = providers
        if services.turns.eager != "off":
            providers = eager.providers
        names = {"stt": providers.stt.name, "llm": providers.llm.name, "tts": providers.tts.name}
        self._transcript = Transcript(opened.info, snapshot, services.events, services.captions, outlet, names, self._explained.trace)
        self._speech = Speech(self._record, providers.tts, request.downlink, outlet, self._transcript, services.phrases, self._clock_ms, self._scope)
        self._held = HeldVoice(self._speech, outlet)
        self._mouth = VoiceMouth(self._speech, snapshot.settings.language)
        self._keypad = Keypad(self._record, outlet, self._speech.unheard_ms, self._clock_ms)
        line = LineTools(self._record, self._keypad, self._speech, self._mouth, request.downlink, outlet, Veil())
        self._tools = ToolRounds(self._record, services.dispatcher, self._transcript, self._tool_scope, line)
        self._replies = ReplyRunner(self._record, providers.llm, self._tools, self._mouth, self._clock_ms, filler_after_s=services.filler_after_s)
        self._preload = Preload(self._record, services.dispatcher, self._transcript, self._scope)
        on_served = self._explained.parts.stt_served
        self._hearing = Hearing(providers.stt, snapshot.settings, request.uplink, inbox, self._tell, self._scope, on_served=on_served)
        self._voicemail = Voicemail(
            self._record,
            self._speech,
            self._mouth,
            request.downlink,
            outlet,
            self._transcript,
            services.events,
            self._hearing.finalize,
            self._clock_ms,
        )
        self._lookup_done = asyncio.Event()
        self._lookup_by_s = self._loop_now() + request.lookup_wait_ms / 1000
        self._foresight = Foresight(
            eager,
            services.turns.model,
            self._record,
            self._speech,
            self._hearing,
            self._preload,
            request.uplink,
            self._lookup_done.is_set,
            self._tell,
            self._scope,
        )
        self._pending = Pending()
        self._reply: asyncio.Task[None] | None = None
        self._talking_since_ms = 0.0
        self._result: str | None = None
        self._lost = ""
        """What was understood of a turn that a lost gateway cut short, until it is known whether the caller goes on."""

    async def run(self) -> str:
        """Until the call is over; returns why."""
        try:
            return await self._run()
        finally:
            self._transcript.settle()
            self._explained.finish(self._opened.before, None if self._result == MOVED else self._result)

    async def _run(self) -> str:
        async with self._tool_scope, self._scope:
            machine = self._open()
            self._scope.start(self._hearing.run(), name="hearing")
            self._scope.start(preconnect(self._providers), name="preconnect")
            self._lost = self._lost_words() or ""
            await self._perform(machine.on(self._first_event(), self._clock_ms()))
            if self._lost:
                self._scope.start(self._give_lost_words(), name="lost_words")
            try:
                while self._result is None:
                    due_ms = machine.due_ms()
                    wait_s = None if due_ms is None else max(0.0, (due_ms - self._clock_ms()) / 1000)
                    await self._take(machine, await self._inbox.next_event(wait_s))
            except asyncio.CancelledError:
                await self._let_go()
                raise
            if self._result == MOVED:
                await self._let_go()
                return self._result
            await self._close()
        return self._result

    def _open(self) -> TurnMachine:
        """Tell the gateway, bring the state up to the moment, and make the turn machine."""
        settings, opened, record = self._snapshot.settings, self._opened, self._record
        if opened.entry is not None:
            self._add(opened.entry)
        elapsed_ms = max(0.0, time.time() * 1000 - record.state.opened_at_ms) if record.state.opened_at_ms else 0.0
        self._base_ms -= elapsed_ms
        self._outlet.opened(
            OpenedCall(
                session_id=opened.info.session_id,
                agent_name=settings.display_name,
                interruption_sensitivity=settings.interruption_sensitivity,
                vad_stop_ms=min(MAX_VAD_STOP_MS, settings.silence_threshold_ms),
                vad_start_ms=self._services.vad_start_ms,
                is_resumed=opened.is_resumed,
                said=record.state.said if opened.is_running else 0,
                facts={"language": settings.language, "deployment": self._snapshot.deployment, "stage": record.state.stage},
                clock_ms=self._clock_ms(),
                records=settings.recording,
                recording_retention_days=settings.recording_retention_days,
            )
        )
        if opened.is_running:
            self._take_over()
        else:
            self._transcript.stage(record.state.stage, None, None)
        if not self._request.lookup_wait_ms:
            self._lookup_done.set()
        return self._explained.machine(self._services.turns.policy(settings, elapsed_ms))

    def _take_over(self) -> None:
        """Close what the lost process had open, and see what is left to do (rule C5)."""
        resume, record = self._request.resume, self._record
        RESUMES_TOTAL.labels("runtime").inc()
        self._pending = pending(
            record.state, utterance=resume.utterance if resume else "", heard_ms=max(resume.heard_ms, resume.sent_ms) if resume else 0.0
        )
        for spoken, heard_ms in self._pending.settled:
            if resume is not None and spoken.utterance == resume.utterance and resume.sent_ms > resume.heard_ms:
                self._speech.take_over(spoken, resume.heard_ms, resume.sent_ms)
                continue
            was_heard = spoken.is_complete and heard_ms >= sum(spoken.durations_ms) and len(spoken.durations_ms) == len(spoken.sentences)
            heard = heard_text(spoken.sentences, spoken.durations_ms, heard_ms, spoken.words)
            text = " ".join(spoken.sentences) if was_heard or heard_ms == float("inf") else heard
            turn = record.state.turns
            self._add(Heard(utterance=spoken.utterance, text=text, was_cut=not was_heard and heard_ms != float("inf")))
            if text:
                now_ms = self._clock_ms()
                self._transcript.assistant(text, turn=turn, stage=record.state.stage, started_ms=now_ms, ended_ms=now_ms, was_cut=not was_heard)

    def _lost_words(self) -> str | None:
        """What was understood of the turn that a lost gateway cut short; None when there was none, or when the gateway says it again."""
        resume = self._request.resume
        return self._record.state.overheard if self._opened.is_running and resume is not None and resume.is_new_gateway else None

    def _first_event(self) -> Begin:
        left = self._pending
        if self._opened.is_running:
            ending = _ending(left.ending)
            goes_on = left.speak or left.runs_tools or left.answers
            return Begin(ReplyKind.CONTINUE if goes_on else None, ending, self._speech.unheard_ms(), self._lost_words() == "")
        self._preload.start(self._lookup_done, self._request.lookup_wait_ms / 1000)
        if self._opened.is_resumed:
            return Begin(None)
        settings = self._snapshot.settings
        return Begin(ReplyKind.GREETING if settings.speak_first or settings.disclosure else None)

    async def _take(self, machine: TurnMachine, event: SessionEvent | None) -> None:
        now_ms = self._clock_ms()
        match event:
            case None:
                await self._perform(machine.on(Tick(), now_ms))
            case _ if self._voicemail.takes(event):
                pass
            case MessageTaken():
                self._hang_up(EndedReason.AGENT_ENDED)
            case PlayoutReport():
                for turn_event in self._speech.report(event):
                    if isinstance(turn_event, PlayoutFinished):
                        self._keypad.agent_was_heard()
                    await self._perform(machine.on(turn_event, now_ms))
            case CutOff(is_held=True):
                if self._held.hold(event.utterance, event.heard_ms):
                    self._heard_until(event.heard_ms)
                    await self._perform(machine.on(self._speech.says(), now_ms))
                    await self._perform(machine.on(Interrupted(is_held=True), now_ms))
            case CutOff():
                if self._speech.knows(event.utterance):
                    self._heard_until(event.heard_ms)
                    await self._stop_reply()
                    await self._held.silence((event.utterance, event.heard_ms))
                    await self._perform(machine.on(Interrupted(), self._clock_ms()))
            case LookupArrived():
                self._add(LookedUp(values=event.values))
                self._transcript.variables(self._record.state.variables.merged())
                self._lookup_done.set()
            case OperatorHint():
                self._transcript.hint(event.text, turn=self._record.state.turns, stage=self._record.state.stage, at_ms=now_ms)
                self._add(Hinted(text=event.text))
            case OperatorEnded():
                self._outlet.hang_up(EndedReason.OPERATOR_ENDED, None)
                self._result = EndedReason.OPERATOR_ENDED
            case Closed():
                self._result = MOVED if event.moves else event.reason or EndedReason.CALLER_HUNG_UP
            case KeyPressed() if self._keypad.takes(event):
                if self._keypad.is_awaited and self._speech.knows("") and not self._held.is_held:
                    # Typing cuts the question short, as speaking does.
                    await self._held.silence()
                    await self._perform(machine.on(PlayoutFinished(), now_ms))
            case _:
                if isinstance(event, ReplyEnded):
                    # What was heard while it waited in the inbox is not unheard any more.
                    event = replace(event, unheard_ms=min(event.unheard_ms, self._speech.unheard_ms()))
                if isinstance(event, SpeechStarted):
                    # The gateway is sure only after so much speech; the recording shows where it began (rule K3).
                    self._talking_since_ms = max(1.0, now_ms - self._services.vad_start_ms)
                    self._foresight.speech_began()
                    if self._realtime is not None:
                        self._realtime.speech_began()
                    self._add(Overheard())
                elif isinstance(event, ports.Transcript) and not event.is_final and event.text:
                    self._transcript.interim(event.text)
                elif isinstance(event, ports.Transcript) and event.is_final and event.text:
                    self._add(Overheard(text=event.text))
                if isinstance(event, SpeechStarted | ports.Transcript | TextTyped | KeyPressed) and not self._held.is_held and self._speech.knows(""):
                    await self._perform(machine.on(self._speech.says(), now_ms))
                await self._perform(machine.on(event, now_ms))
                if isinstance(event, SpeechStarted) and self._lost:
                    # The caller has gone on speaking: what came before belongs to the same turn.
                    lost, self._lost = self._lost, ""
                    await self._perform(machine.on(ports.Transcript(lost, is_final=True), now_ms))

    async def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case FinalizeStt():
                    await self._hearing.finalize(effect.quiet_ms)
                case StartReply():
                    await self._start(effect)
                case CancelReply():
                    await self._stop_reply()
                    self._foresight.reply_cancelled()
                    await self._held.silence()
                case ResumePlayout():
                    self._held.resume(effect.said)
                    self._add(Overheard(is_void=True))
                case JudgePause() | PrepareReply() | DropPrepared():
                    self._foresight.perform(effect)
                case HangUp():
                    ending = self._record.state.ending
                    if ending is not None and ending.voicemail is not None and effect.reason == ending.reason:
                        self._scope.start(self._take_message(), name="voicemail")
                    else:
                        self._hang_up(effect.reason)
                case FailCall():
                    self._outlet.failed(effect.code, "the agent cannot speak: every provider failed")
                    self._result = effect.code
                case _:
                    assert_never(effect)

    async def _start(self, effect: StartReply) -> None:
        await self._stop_reply()
        if effect.text:
            self._keypad.interrupt()
            turn, stage = self._record.state.turns, self._record.state.stage
            self._foresight.turn_ended()
            self._add(UserSaid(text=effect.text, said=effect.said))
            ended_ms = effect.times.speech_end_ms or self._clock_ms()
            self._transcript.user_later(
                effect.text, turn=turn, stage=stage, started_ms=min(self._talking_since_ms or ended_ms, ended_ms), ended_ms=ended_ms
            )
        self._reply = self._scope.start(self._run_reply(effect), name="reply")
        if effect.text:
            self._scope.start(self._tell_taken(effect.said), name="turn_taken")

    def _hang_up(self, reason: str) -> None:
        ending = self._record.state.ending
        self._outlet.hang_up(reason, ending.transfer if ending else None)
        self._result = reason

    async def _take_message(self) -> None:
        try:
            await self._voicemail.run()
        finally:
            self._tell(MessageTaken())

    async def _let_go(self) -> None:
        if self._voicemail.is_running:
            await self._voicemail.hung_up(self._inbox)
            return
        await keep_last_words(self._record, self._inbox, self._hearing.finalize, is_agent_heard=self._speech.unheard_ms() > 0)

    async def _give_lost_words(self) -> None:
        """A caller who was cut off by the loss of his line and does not go on has finished."""
        await asyncio.sleep(_GOES_ON_S)
        lost, self._lost = self._lost, ""
        if lost:
            self._tell(ports.Transcript(lost, is_final=True, answers_finalize=True))

    async def _tell_taken(self, said: int) -> None:
        """Only when it is stored: whoever goes on with the call must find the turn either there or with the gateway."""
        # After the request to the model, which the caller waits for.
        await asyncio.sleep(_AFTER_REQUEST_S)
        self._transcript.settle()
        if said:
            await self._record.journal.flush()
            self._outlet.turn_taken(said)

    async def _stop_reply(self) -> None:
        await cancel(self._reply)
        self._reply = None

    async def _run_reply(self, effect: StartReply) -> None:
        failure = ""
        try:
            await self._say(effect)
        except DependencyError as err:
            _log.warning("reply_failed", kind=effect.kind, vendor=err.vendor, phase=err.phase, error=err.message)
            failure = err.vendor or "provider"
        except ToolsBroken:
            _log.exception("tools_broken", kind=effect.kind)
            failure = TOOL_FAILURE
        except Exception:
            _log.exception("reply_broken", kind=effect.kind)
            failure = INTERNAL_FAILURE
        self._tell(ReplyEnded(effect.number, self._speech.unheard_ms(), _ending(self._record.state.ending), failure))

    async def _say(self, effect: StartReply) -> None:
        clock, phrases = TurnClock(effect.times), phrases_for(self._snapshot.settings.language)
        match effect.kind:
            case ReplyKind.ANSWER:
                await self._tools.settled()
                await self._wait_for_lookup()
                await self._preload.ready()
                await self._replies.answer(clock)
            case ReplyKind.GREETING:
                await self._greet(clock)
            case ReplyKind.CONTINUE:
                await self._go_on(clock)
            case ReplyKind.IDLE_QUESTION:
                await self._phrase(phrases.idle_question)
            case ReplyKind.APOLOGY:
                await self._phrase(phrases.apology)
            case ReplyKind.LAST_APOLOGY:
                await self._phrase(phrases.last_apology)
            case ReplyKind.FAREWELL:
                await self._phrase(farewell(self._record))
            case _:
                assert_never(effect.kind)

    async def _wait_for_lookup(self) -> None:
        """As long as the gateway said that it may take, counted from the opening (rule V7)."""
        if self._lookup_done.is_set():
            return
        try:
            async with asyncio.timeout_at(self._lookup_by_s):
                await self._lookup_done.wait()
        except TimeoutError:
            self._lookup_done.set()

    async def _phrase(self, text: str) -> None:
        utterance, said = self._mouth.phrase(text)
        self._record.add(Replied(utterance=utterance, text=said))
        await self._mouth.drained()

    async def _greet(self, clock: TurnClock) -> None:
        if opening_reads_lookup(self._snapshot):
            await self._wait_for_lookup()
        text, asks_model = opening_text(self._snapshot, self._record.state)
        if text:
            utterance, said = self._mouth.phrase(text, clock=clock, must_hear=disclosure(self._snapshot))
            self._record.add(Replied(utterance=utterance, text=said))
        if asks_model:
            try:
                await self._replies.answer(clock, is_opening=True)
            except DependencyError as err:
                # A call that begins with an apology is lost; the platform's own question lets the caller speak first.
                _log.warning("greeting_not_made", vendor=err.vendor, error=err.message)
                await self._phrase(phrases_for(self._snapshot.settings.language).greeting)
        await self._mouth.drained()

    async def _go_on(self, clock: TurnClock) -> None:
        """What was cut off, then what was left undone."""
        left, self._pending = self._pending, Pending()
        rest = [*left.speak] or self._speech.last_rest
        self._speech.last_rest = []
        if rest:
            self._replies.say(" ".join(rest), is_torn=left.answers)
        if left.runs_tools:
            await self._replies.go_on_with_tools(clock)
        elif left.answers:
            await self._preload.ready()
            await self._replies.answer(clock)
        await self._mouth.drained()

    async def _close(self) -> None:
        """The call is over; what has begun to take effect is let finish."""
        await self._stop_reply()
        await self._voicemail.hung_up(self._inbox)
        await self._held.silence()
        self._keypad.interrupt()
        try:
            async with asyncio.timeout(_TOOLS_AFTER_CALL_S):
                await self._tools.settled()
        except TimeoutError:
            _log.warning("tools_left_behind")
        self._add(Ended(reason=self._result or ""))
        await self._record.journal.flush()

    def _heard_until(self, heard_ms: float) -> None:
        if self._realtime is not None:
            self._realtime.cut(heard_ms)

    def _add(self, entry: Entry) -> None:
        self._record.add(entry)

    def _tell(self, event: TurnEvent | MessageTaken) -> None:
        """An event of our own parts; a flooded call ends instead of going deaf."""
        try:
            self._inbox.push(event)
        except LimitExceeded:
            self._result = EndedReason.INTERNAL_ERROR

    def _task_failed(self, name: str, error: BaseException) -> None:
        _log.error("call_task_failed", task=name, exc_info=error)

    def _clock_ms(self) -> float:
        """Milliseconds since the call was opened, across processes."""
        return self._loop_now() * 1000 - self._base_ms


def _ending(request: EndRequested | None) -> Ending | None:
    if request is None:
        return None
    if request.transfer is not None or request.voicemail is not None:
        return Ending(request.reason, is_final=True)
    return Ending(request.reason, linger_ms=END_CALL_LINGER_MS)
