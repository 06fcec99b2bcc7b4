"""Opens the conversation of a call: a fresh one, or one that runs already or was left."""

import asyncio
import time
from dataclasses import dataclass

import structlog
from callstage_domain.agent import AgentSnapshot
from callstage_domain.ids import new_session_id
from callstage_kit.redis.connection import REDIS_ERRORS

from agent_runtime.call_info import CallInfo, ResumePoint
from agent_runtime.conversation.last_words import wait_for_last_words
from agent_runtime.conversation.outlet import OpenedCall
from agent_runtime.journal.fold import fold, has_begun
from agent_runtime.journal.store import JournalStore, OpenedJournal
from agent_runtime.stages.engine import first_state
from agent_runtime.stages.entries import Entry, Opened
from agent_runtime.stages.state import ConversationState

_log = structlog.get_logger(__name__)
_OPEN_TIMEOUT_S = 0.5
"""A call is answered without a journal rather than later than this."""
MAX_VAD_STOP_MS = 200


@dataclass(frozen=True, slots=True)
class OpenedConversation:
    """`token` None: Redis is away, the conversation lives in memory. `entry`: to be recorded first. `is_running`: the same call goes on."""

    info: CallInfo
    state: ConversationState
    token: int | None
    entry: Opened | None
    is_resumed: bool = False
    is_running: bool = False
    before: tuple[Entry, ...] = ()
    """What the journal held, from which `state` was made."""


async def open_conversation(
    store: JournalStore, info: CallInfo, snapshot: AgentSnapshot, request_variables: dict[str, object], resume: ResumePoint | None
) -> OpenedConversation:
    """Never fails: without Redis, or when the session is unknown, expired or somebody else's, a fresh conversation begins (rule WS6)."""
    if resume is not None and resume.is_new_gateway and info.session_id:
        await wait_for_last_words(store, info.session_id)
    try:
        async with asyncio.timeout(_OPEN_TIMEOUT_S):
            info, journal = await _journal(store, info, resume)
    except REDIS_ERRORS as err:
        _log.warning("journal_not_opened", error=type(err).__name__)
        info, journal = (info if info.session_id else info.on_session(new_session_id())), None
    entries: list[Entry] = journal.entries if journal else []
    state = fold(first_state(snapshot), entries)
    if state.agent_id not in ("", info.agent_id):
        return await open_conversation(store, info.on_session(new_session_id()), snapshot, request_variables, None)
    token = journal.token if journal else None
    if has_begun(entries) and state.call_id == info.call_id and not state.is_over and not (resume and resume.is_new_call):
        return OpenedConversation(info, state, token, None, is_resumed=True, is_running=True, before=tuple(entries))
    opened = Opened(call_id=info.call_id, agent_id=info.agent_id, at_ms=time.time() * 1000, metadata=info.metadata(), request=request_variables)
    return OpenedConversation(info, state, token, opened, is_resumed=has_begun(entries), before=tuple(entries))


async def _journal(store: JournalStore, info: CallInfo, resume: ResumePoint | None) -> tuple[CallInfo, OpenedJournal]:
    asks_for_old = resume is not None and resume.is_new_call
    if not info.session_id or (asks_for_old and await store.owner(info.session_id) != info.tenant_id):
        # An id that a client brings is never taken on as a new session's id: whoever made it up could come back to it.
        info = info.on_session(new_session_id())
    journal = await store.open(info.session_id, info.tenant_id)
    if journal.owner_tenant not in (None, info.tenant_id):
        info = info.on_session(new_session_id())
        journal = await store.open(info.session_id, info.tenant_id)
    return info, journal


def announcement(opened: OpenedConversation, snapshot: AgentSnapshot, state: ConversationState, vad_start_ms: int, clock_ms: float) -> OpenedCall:
    """What the gateway is told first. `state` is the present one."""
    settings = snapshot.settings
    return OpenedCall(
        session_id=opened.info.session_id,
        agent_name=settings.display_name,
        interruption_sensitivity=settings.interruption_sensitivity,
        vad_stop_ms=min(MAX_VAD_STOP_MS, settings.silence_threshold_ms),
        vad_start_ms=vad_start_ms,
        is_resumed=opened.is_resumed,
        said=state.said if opened.is_running else 0,
        facts={"language": settings.language, "deployment": snapshot.deployment, "stage": state.stage},
        clock_ms=clock_ms,
        records=settings.recording,
        recording_retention_days=settings.recording_retention_days,
    )
