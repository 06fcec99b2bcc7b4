"""One turn of a text conversation: what is asked, what is answered, and what is told about it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from callstage_contracts.events import CallJournaled
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope

from agent_runtime.call_info import CallInfo
from agent_runtime.conversation.answer_parts import AnswerParts, ProviderNames
from agent_runtime.conversation.explanation import usage_of
from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.opening import OpenedConversation
from agent_runtime.conversation.outlet import NoticeSink, OpenedCall
from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.conversation.preload import Preload
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.reply import ReplyRunner
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.text_mouth import TextMouth
from agent_runtime.conversation.tool_rounds import ToolRounds
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.turns.events import TurnTimes
from agent_runtime.conversation.written_opening import written_opening
from agent_runtime.providers.ports import ProviderSet
from agent_runtime.stages.entries import Heard, LookedUp, UserSaid

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TextTurn:
    """One turn of the writer. `turn_id` is unique per turn; a repeat gets the first answer."""

    info: CallInfo
    text: str
    turn_id: str
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    opens: bool = False
    """The writer has come and has written nothing yet: a new conversation is greeted."""
    resumes: bool = False
    """The session is one that the writer came back to."""
    lookup: dict[str, Any] | None = None
    """Who the writer is in the agent's backend; None: nobody asked."""


class TextReader(NoticeSink, Protocol):
    """Who watches a turn while it is answered."""

    def opened(self, opened: OpenedCall) -> None: ...


@dataclass(frozen=True, slots=True)
class TextReply:
    """The answer, and where the conversation stands."""

    text: str
    session_id: str
    stage: str
    is_ended: bool
    turns: int
    is_handed_off: bool


class TextAnswer:
    """`reader`: who watches while it is written; None: only the whole answer counts (mail)."""

    def __init__(
        self,
        services: SessionServices,
        opened: OpenedConversation,
        record: ConversationRecord,
        providers: ProviderSet,
        reader: TextReader | None,
    ) -> None:
        self._services = services
        self._opened = opened
        self._record = record
        self._providers = providers
        names = {"llm": providers.llm.name}
        self._transcript = Transcript(opened.info, record.snapshot, services.events, services.captions, reader, names)
        self._mouth = TextMouth(self._transcript if reader is not None else None)
        self._base_ms = record.state.opened_at_ms or time.time() * 1000
        record.parts = AnswerParts(self._clock_ms, ProviderNames(llm=providers.llm.name, llm_model=record.snapshot.settings.llm.model or ""))

    async def to(self, turn: TextTurn) -> TextReply:
        """Raises DependencyError when there is no answer."""
        record, transcript = self._record, self._transcript
        if self._opened.entry is not None:
            record.add(self._opened.entry)
            self._base_ms = record.state.opened_at_ms
        if turn.lookup is not None:
            record.add(LookedUp(values=turn.lookup))
        if turn.opens:
            transcript.stage(record.state.stage, None, None)
            transcript.variables(record.state.variables.merged())
        clock = TurnClock(TurnTimes() if turn.opens else TurnTimes(speech_end_ms=self._clock_ms()))
        try:
            async with TaskScope("text_turn") as scope:
                tools = ToolRounds(record, self._services.dispatcher, transcript, scope)
                runner = ReplyRunner(record, self._providers.llm, tools, self._mouth, self._clock_ms)
                preload = Preload(record, self._services.dispatcher, transcript, scope)
                lookup_done = asyncio.Event()
                lookup_done.set()
                preload.start(lookup_done, 0.0)
                if turn.opens:
                    await self._greet(runner, preload, clock)
                else:
                    await self._answer(turn, runner, tools, preload, clock)
        finally:
            self._tell_usage()
        return self._reply(clock)

    async def _greet(self, runner: ReplyRunner, preload: Preload, clock: TurnClock) -> None:
        if not self._opened.is_resumed:
            text, asks_model = written_opening(self._record.snapshot, self._record.state)
            if text:
                runner.say(text)
            if asks_model:
                try:
                    await runner.answer(clock, is_opening=True)
                except DependencyError as err:
                    _log.warning("greeting_not_made", vendor=err.vendor, error=err.message)
                    runner.say(phrases_for(self._record.snapshot.settings.language).greeting)
        await preload.ready()

    async def _answer(self, turn: TextTurn, runner: ReplyRunner, tools: ToolRounds, preload: Preload, clock: TurnClock) -> None:
        record = self._record
        is_repeat = record.state.last_turn_id == turn.turn_id
        if record.state.batch is not None and not is_repeat:
            # An earlier turn broke off in its tools: their outcomes belong into the history before the next question.
            await asyncio.wait({tools.finish_open()})
        if not is_repeat:
            number = record.state.turns
            record.add(UserSaid(text=turn.text.strip(), turn_id=turn.turn_id))
            now_ms = self._clock_ms()
            self._transcript.user(turn.text.strip(), turn=number, stage=record.state.stage, started_ms=now_ms, ended_ms=now_ms)
        await preload.ready()
        if record.state.batch is not None:
            await runner.go_on_with_tools(clock)
        else:
            await runner.answer(clock)

    def _reply(self, clock: TurnClock) -> TextReply:
        record = self._record
        text = "\n\n".join(self._mouth.paragraphs)
        if text:
            number, now_ms = record.state.turns, self._clock_ms()
            record.add(Heard(utterance=self._mouth.last_utterance, text=text))
            # Words that no model wrote (after a tool, say) are there at once, when all of them are.
            begun_ms = clock.heard_ms = now_ms if clock.first_token_ms is None else clock.first_token_ms
            told = record.parts.told(clock, None, first_packet_ms=begun_ms)
            # Nobody waited for a greeting that was ready.
            waterfall = told if told.speech_end_ms is not None or told.llm else None
            latency = clock.parts() if waterfall is not None else None
            self._transcript.assistant(
                text, turn=number, stage=record.state.stage, started_ms=begun_ms, ended_ms=now_ms, latency=latency, waterfall=waterfall
            )
            if latency is not None and waterfall is not None:
                self._transcript.latency(latency, waterfall)
        ending = record.state.ending
        return TextReply(
            text=text,
            session_id=self._opened.info.session_id,
            stage=record.state.stage,
            is_ended=ending is not None and ending.transfer is None,
            turns=record.state.user_turns,
            is_handed_off=ending is not None and ending.transfer is not None,
        )

    def _tell_usage(self) -> None:
        """Cost inputs of this turn (rule K2); mail has no call to add them to."""
        info, usage = self._opened.info, usage_of(self._providers.usage.totals())
        if usage and info.channel != "email":
            self._services.events.publish(CallJournaled(tenant_id=info.tenant_id, call_id=info.call_id, usage=usage))

    def _clock_ms(self) -> float:
        """Milliseconds since the conversation was opened by this visit."""
        return time.time() * 1000 - self._base_ms
