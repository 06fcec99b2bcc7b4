"""Text conversations (mail, chat, the test tab): the same stages, tools and journal, without voice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Protocol

import orjson
import structlog
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import CallerError, Conflict
from callstage_domain.ids import new_session_id
from callstage_kit.redis.connection import REDIS_ERRORS

from agent_runtime.call_info import ResumePoint
from agent_runtime.conversation.opening import open_conversation
from agent_runtime.conversation.outlet import OpenedCall
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.text_answer import TextAnswer, TextReader, TextReply, TextTurn
from agent_runtime.journal.store import JournalStore
from agent_runtime.journal.writer import JournalWriter
from agent_runtime.providers.ports import ProviderSet
from agent_runtime.snapshots import Snapshots

_log = structlog.get_logger(__name__)
MAX_TEXT_CHARS = 32_000


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

    async def take(self, turn: TextTurn, reader: TextReader | None = None) -> TextReply:
        """Answer a turn. Raises CallerError, NotFound(not_deployed), Conflict (another process took the session over) or DependencyError."""
        if bool(turn.text.strip()) is turn.opens or not turn.turn_id or len(turn.text) > MAX_TEXT_CHARS:
            raise CallerError(f"text (up to {MAX_TEXT_CHARS} characters) and turn_id are required")
        session_id = turn.info.session_id or new_session_id()
        async with self._alone(session_id):
            return await self._answer_once(turn, session_id, reader)

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

    async def _answer_once(self, turn: TextTurn, session_id: str, reader: TextReader | None) -> TextReply:
        snapshot = await self._snapshots.of(turn.info)
        providers = self._providers.resolve(snapshot)
        store = self._store.of_channel(turn.info.channel)
        resume = ResumePoint(is_new_call=turn.opens and turn.resumes)
        opened = await open_conversation(store, turn.info.on_session(session_id), snapshot, turn.variables, resume)
        if not turn.opens and opened.entry is not None and opened.state.call_id == opened.info.call_id and not opened.state.is_over:
            # It was opened by this very visit, and nothing has been said: it does not begin, and its preload tools do not run, a second time.
            opened = replace(opened, entry=None)
        if reader is not None and turn.opens:
            reader.opened(OpenedCall(opened.info.session_id, snapshot.settings.display_name, 0.0, 0, 0, opened.is_resumed))
        known = await self._known(opened.info.session_id, turn.turn_id)
        if known is not None:
            if reader is not None and known.text:
                reader.notice("transcript", {"role": "assistant", "text": known.text, "isFinal": True})
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
                reply = await TextAnswer(self._services, opened, record, providers, reader).to(turn)
                await journal.flush()
        except asyncio.CancelledError as err:
            if not is_lost or current is None or current.uncancel() > 0:
                raise
            raise Conflict("the conversation is answered elsewhere", code="taken_over") from err
        await self._keep(store, turn.turn_id, reply)
        return reply

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
