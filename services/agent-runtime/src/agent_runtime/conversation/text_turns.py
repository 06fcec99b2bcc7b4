"""Text conversations (mail, chat, the test tab): the same stages, tools and journal, without voice."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import orjson
import structlog
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import CallerError, Conflict
from callstage_domain.ids import new_session_id
from callstage_kit.redis.connection import REDIS_ERRORS
from callstage_kit.tasks import TaskScope

from agent_runtime.call_info import CallInfo, ResumePoint
from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.opening import OpenedConversation, open_conversation
from agent_runtime.conversation.preload import Preload
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.reply import ReplyRunner
from agent_runtime.conversation.session import SessionServices
from agent_runtime.conversation.tool_rounds import ToolRounds
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.journal.store import JournalStore
from agent_runtime.journal.writer import JournalWriter
from agent_runtime.providers.ports import ProviderSet, Sound
from agent_runtime.snapshots import Snapshots
from agent_runtime.stages.entries import Heard, UserSaid

_log = structlog.get_logger(__name__)
MAX_TEXT_CHARS = 32_000


@dataclass(frozen=True, slots=True)
class TextTurn:
    """One turn of the writer. `turn_id` is unique per turn; a repeat gets the first answer."""

    info: CallInfo
    text: str
    turn_id: str
    variables: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class TextReply:
    """The answer, and where the conversation stands."""

    text: str
    session_id: str
    stage: str
    is_ended: bool
    turns: int
    is_handed_off: bool


class TextMouth:
    """Implements `Mouth`: collects what is written."""

    def __init__(self) -> None:
        self._open: dict[str, list[str]] = {}
        self._numbers = 0
        self.paragraphs: list[str] = []

    def begin(self, clock: TurnClock | None) -> str:
        """A new utterance; its id."""
        self._numbers += 1
        utterance = f"text-{time.time_ns():x}-{self._numbers}"
        self._open[utterance] = []
        return utterance

    def write(self, utterance: str, delta: str, sound: Sound | None = None) -> None:
        """More text."""
        self._open[utterance].append(delta)

    def close(self, utterance: str) -> str:
        """Its whole text."""
        text = "".join(self._open.pop(utterance)).strip()
        if text:
            self.paragraphs.append(text)
        return text

    def filler(self) -> None:
        """Nobody waits on the line."""

    async def drained(self) -> None:
        """Nothing to wait for."""


class ProviderSource(Protocol):
    """The part of `ProviderRegistry` in use."""

    def resolve(self, snapshot: AgentSnapshot) -> ProviderSet: ...


class TextConversations:
    """All text conversations of this process; turns of one session run one after the other."""

    def __init__(self, snapshots: Snapshots, providers: ProviderSource, store: JournalStore, services: SessionServices) -> None:
        self._snapshots = snapshots
        self._providers = providers
        self._store = store
        self._services = services
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    async def take(self, turn: TextTurn) -> TextReply:
        """Answer a turn. Raises CallerError, NotFound(not_deployed), Conflict (another process took the session over) or DependencyError."""
        if not turn.text.strip() or not turn.turn_id or len(turn.text) > MAX_TEXT_CHARS:
            raise CallerError(f"text (up to {MAX_TEXT_CHARS} characters) and turn_id are required")
        session_id = turn.info.session_id or new_session_id()
        async with self._alone(session_id):
            return await self._answer_once(turn, session_id)

    @asynccontextmanager
    async def _alone(self, session_id: str) -> AsyncGenerator[None]:
        lock, users = self._locks.get(session_id, (asyncio.Lock(), 0))
        self._locks[session_id] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            _, users = self._locks[session_id]
            if users > 1:
                self._locks[session_id] = (lock, users - 1)
            else:
                del self._locks[session_id]

    async def _answer_once(self, turn: TextTurn, session_id: str) -> TextReply:
        snapshot = await self._snapshots.of(turn.info)
        providers = self._providers.resolve(snapshot)
        store = self._store.of_channel(turn.info.channel)
        opened = await open_conversation(store, turn.info.on_session(session_id), snapshot, turn.variables, ResumePoint())
        known = await self._known(opened.info.session_id, turn.turn_id)
        if known is not None:
            return known
        current, is_lost = asyncio.current_task(), False

        def on_lost() -> None:
            nonlocal is_lost
            is_lost = True
            if current is not None:
                current.cancel()

        try:
            async with JournalWriter(store, opened.info.session_id, turn.info.tenant_id, opened.token, on_lost) as journal:
                record = ConversationRecord(opened.info, snapshot, opened.state, journal)
                reply = await self._converse(turn, opened, record, providers)
                await journal.flush()
        except asyncio.CancelledError as err:
            if not is_lost or current is None or current.uncancel() > 0:
                raise
            raise Conflict("the conversation is answered elsewhere", code="taken_over") from err
        await self._keep(store, turn.turn_id, reply)
        return reply

    async def _converse(self, turn: TextTurn, opened: OpenedConversation, record: ConversationRecord, providers: ProviderSet) -> TextReply:
        names = {"llm": providers.llm.name}
        transcript = Transcript(opened.info, record.snapshot, self._services.events, self._services.captions, None, names)
        base_ms = record.state.opened_at_ms or time.time() * 1000

        def clock_ms() -> float:
            return time.time() * 1000 - base_ms

        if opened.entry is not None:
            record.add(opened.entry)
        mouth = TextMouth()
        async with TaskScope("text_turn") as scope:
            tools = ToolRounds(record, self._services.dispatcher, transcript, scope)
            runner = ReplyRunner(record, providers.llm, tools, mouth, clock_ms)
            preload = Preload(record, self._services.dispatcher, transcript, scope)
            lookup_done = asyncio.Event()
            lookup_done.set()
            preload.start(lookup_done, 0.0)
            is_repeat = record.state.last_turn_id == turn.turn_id
            if record.state.batch is not None and not is_repeat:
                # An earlier turn broke off in its tools: their outcomes belong into the history before the next question.
                await asyncio.wait({tools.finish_open()})
            if not is_repeat:
                number = record.state.turns
                record.add(UserSaid(text=turn.text.strip(), turn_id=turn.turn_id))
                now_ms = clock_ms()
                transcript.user(turn.text.strip(), turn=number, stage=record.state.stage, started_ms=now_ms, ended_ms=now_ms)
            await preload.ready()
            if record.state.batch is not None:
                await runner.go_on_with_tools(TurnClock())
            else:
                await runner.answer(TurnClock())
        text = "\n\n".join(mouth.paragraphs)
        if text:
            number = record.state.turns
            record.add(Heard(utterance="", text=text))
            transcript.assistant(text, turn=number, stage=record.state.stage, started_ms=clock_ms(), ended_ms=clock_ms())
        ending = record.state.ending
        return TextReply(
            text=text,
            session_id=opened.info.session_id,
            stage=record.state.stage,
            is_ended=ending is not None and ending.transfer is None,
            turns=record.state.user_turns,
            is_handed_off=ending is not None and ending.transfer is not None,
        )

    async def _known(self, session_id: str, turn_id: str) -> TextReply | None:
        try:
            stored = await self._store.text_reply(session_id, turn_id)
        except REDIS_ERRORS:
            return None
        return TextReply(**orjson.loads(stored)) if stored else None

    @staticmethod
    async def _keep(store: JournalStore, turn_id: str, reply: TextReply) -> None:
        try:
            await store.keep_text_reply(reply.session_id, turn_id, orjson.dumps(asdict(reply)))
        except REDIS_ERRORS as err:
            _log.warning("text_reply_not_kept", error=type(err).__name__)
