"""The objects of one call, each made from those before it."""

from dataclasses import replace

import structlog
from callstage_domain.agent import AgentSnapshot
from callstage_domain.call import EndedReason
from callstage_domain.errors import LimitExceeded
from callstage_kit.tasks import TaskScope

from agent_runtime.call_info import CallRequest
from agent_runtime.conversation.agent_turn import AgentTurn
from agent_runtime.conversation.call_end import CallEnd
from agent_runtime.conversation.caller_lookup import CallerLookup
from agent_runtime.conversation.caller_turn import CallerTurn
from agent_runtime.conversation.eager import EagerAnswers
from agent_runtime.conversation.explanation import Explanation
from agent_runtime.conversation.foresight import Foresight
from agent_runtime.conversation.hearing import Hearing
from agent_runtime.conversation.held_voice import HeldVoice
from agent_runtime.conversation.inbox import CallInbox, MessageTaken
from agent_runtime.conversation.keypad.keypad import Keypad
from agent_runtime.conversation.keypad.line_tools import LineTools
from agent_runtime.conversation.opening import OpenedConversation
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.preload import Preload
from agent_runtime.conversation.realtime.providers import with_realtime
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.reply import ReplyRunner, request_now
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.session_clock import SessionClock
from agent_runtime.conversation.speech import Speech
from agent_runtime.conversation.spoken_reply import SpokenReply
from agent_runtime.conversation.takeover import LostWords
from agent_runtime.conversation.tool_rounds import ToolRounds
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.turn_effects import TurnEffects
from agent_runtime.conversation.turn_taking import TurnTaking
from agent_runtime.conversation.turns.events import TurnEvent
from agent_runtime.conversation.voice_mouth import VoiceMouth
from agent_runtime.conversation.voicemail.voicemail import Voicemail
from agent_runtime.journal.writer import Journal
from agent_runtime.providers.ports import ProviderSet
from agent_runtime.tools.veil import Veil

_log = structlog.get_logger(__name__)


class CallParts:
    """Nobody but the session holds all of them. Its scopes are the session's to enter: `tool_scope` outside, tools end last."""

    def __init__(
        self,
        request: CallRequest,
        opened: OpenedConversation,
        snapshot: AgentSnapshot,
        providers: ProviderSet,
        services: SessionServices,
        journal: Journal,
        inbox: CallInbox,
        outlet: Outlet,
    ) -> None:
        settings, downlink = snapshot.settings, request.downlink
        self._inbox = inbox
        self.scope = scope = TaskScope("call", on_failure=_task_failed)
        self.tool_scope = TaskScope("call_tools", on_failure=_task_failed)
        self.clock = SessionClock()
        clock_ms = self.clock.now_ms
        providers, realtime = with_realtime(providers, settings, request.uplink, downlink, lambda: request_now(self.record), scope)
        self.explained = Explanation(
            services.explainer,
            opened.info,
            snapshot,
            providers,
            clock_ms,
            listened_s=lambda: request.uplink.duration_ms(inbox.taken_bytes) / 1000,
        )
        parts = self.explained.parts
        self.record = record = ConversationRecord(opened.info, snapshot, opened.state, journal, parts, self.explained.recorder)
        eager = EagerAnswers(providers, parts, settings.language, scope)
        self.providers = providers
        # A realtime model begins early by itself, or answers so soon that it is not worth it.
        self._turns = services.turns if realtime is None else replace(services.turns, eager="off")
        if self._turns.eager != "off":
            providers = eager.providers
        names = {"stt": providers.stt.name, "llm": providers.llm.name, "tts": providers.tts.name}
        self.transcript = transcript = Transcript(opened.info, snapshot, services.events, services.captions, outlet, names, self.explained.trace)
        self.speech = speech = Speech(record, providers.tts, downlink, outlet, transcript, services.phrases, clock_ms, scope)
        self.playout = speech.playout
        self.held = HeldVoice(speech, outlet, realtime)
        mouth = VoiceMouth(speech, settings.language)
        self.keypad = Keypad(record, outlet, self.playout.unheard_ms, clock_ms)
        line = LineTools(record, self.keypad, speech, mouth, downlink, outlet, Veil())
        self.tools = ToolRounds(record, services.dispatcher, transcript, self.tool_scope, line)
        answers = ReplyRunner(record, providers.llm, self.tools, mouth, clock_ms, filler_after_s=services.filler_after_s)
        self.preload = Preload(record, services.dispatcher, transcript, scope)
        self.hearing = Hearing(providers.stt, settings, request.uplink, inbox, self._tell, scope, on_served=parts.stt_served)
        self.voicemail = Voicemail(record, speech, mouth, downlink, outlet, transcript, services.events, self.hearing.finalize, clock_ms)
        self.lookup = CallerLookup(request.lookup_wait_ms)
        foresight = Foresight(
            eager,
            self._turns.model,
            record,
            speech,
            self.hearing,
            self.preload,
            request.uplink,
            self.lookup.done.is_set,
            self._tell,
            scope,
        )
        self.reply = SpokenReply(record, answers, self.tools, mouth, self.playout, self.lookup, self.preload)
        self.agent = AgentTurn(record, self.reply, self.playout, self._tell, scope)
        self._caller = CallerTurn(record, transcript, foresight, realtime, outlet, services.vad_start_ms, clock_ms, scope)
        self.end = CallEnd(record, outlet, self.voicemail, self._tell, scope)
        self._effects = TurnEffects(self.hearing, self._caller, self.agent, self.held, self.keypad, foresight, self.end)
        self.lost_words = LostWords(self._tell, scope)

    def turn_taking(self, elapsed_ms: float) -> TurnTaking:
        """Of a call that runs for so long already; its state is that of this moment."""
        return TurnTaking(
            self.explained.machine(self._turns.policy(self.record.snapshot.settings, elapsed_ms)),
            self._effects,
            self._caller,
            self.agent,
            self.playout,
            self.held,
            self.keypad,
            self.lost_words,
            self.clock.now_ms,
        )

    def _tell(self, event: TurnEvent | MessageTaken) -> None:
        """An event of our own parts; a flooded call ends instead of going deaf."""
        try:
            self._inbox.push(event)
        except LimitExceeded:
            self.end.result = EndedReason.INTERNAL_ERROR


def _task_failed(name: str, error: BaseException) -> None:
    _log.error("call_task_failed", task=name, exc_info=error)
