"""`ReplayService`: forks of sessions, and tests of agents (rules D4, D6)."""

from typing import Any

import orjson
import structlog
from callstage_contracts.pb.runtime.v1 import replay_pb2, replay_pb2_grpc
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage
from callstage_domain.errors import CallerError, CallstageError, DependencyError, NotFound
from callstage_domain.ids import AgentId, TenantId, new_session_id
from callstage_kit.redis.connection import REDIS_ERRORS
from callstage_kit.tasks import in_thread
from pydantic import ValidationError

from agent_runtime.journal.fork import before_turn, call_of_turn, user_turns
from agent_runtime.journal.store import JournalStore
from agent_runtime.replay.kept import KeptConversation, of_journal, unpacked
from agent_runtime.replay.summary import summary
from agent_runtime.replay.verdict import Verdict, check, judge
from agent_runtime.rpc.provider_servicer import abort
from agent_runtime.stages.engine import first_state
from agent_runtime.stages.entries import Entry, Opened, entry_json
from agent_runtime.stages.state import fold

_log = structlog.get_logger(__name__)
_MAX_FORKED_ENTRIES = 20_000


class ReplayServicer(replay_pb2_grpc.ReplayServiceServicer):
    """The gRPC edge."""

    def __init__(self, store: JournalStore) -> None:
        self._store = store

    async def ForkSession(self, request: replay_pb2.ForkSessionRequest, context: Any) -> replay_pb2.ForkSessionReply:  # noqa: N802
        """A new session from an old one."""
        try:
            return await self._fork(request)
        except CallstageError as err:
            await abort(context, err)
        except REDIS_ERRORS as err:
            await abort(context, _no_sessions(err))

    async def PrepareRecording(self, request: replay_pb2.PrepareRecordingRequest, context: Any) -> replay_pb2.PrepareRecordingReply:  # noqa: N802
        """Checked, and on request without people."""
        try:
            if request.recording:
                data, told = await in_thread(_prepared, request)
            else:
                entries = await self._entries(request.session_id, request.tenant_id, request.agent_id)
                data, told = await in_thread(_prepared_journal, entries, request)
            return replay_pb2.PrepareRecordingReply(recording=data, summary_json=told)
        except CallstageError as err:
            await abort(context, err)
        except REDIS_ERRORS as err:
            await abort(context, _no_sessions(err))
        except Exception:
            _log.exception("recording_broken")
            await abort(context, _unreadable())

    async def ReplayRecording(self, request: replay_pb2.ReplayRecordingRequest, context: Any) -> replay_pb2.ReplayRecordingReply:  # noqa: N802
        """A recording against a version of the agent."""
        try:
            return _reply(await in_thread(_judged, request.recording, request.snapshot_json))
        except CallstageError as err:
            await abort(context, err)
        except Exception:
            # What a recording of another release may hold is not known in advance: it is this test that fails, not the service.
            _log.exception("replay_broken")
            await abort(context, _unreadable())

    async def _fork(self, request: replay_pb2.ForkSessionRequest) -> replay_pb2.ForkSessionReply:
        entries = await self._entries(request.session_id, request.tenant_id, request.agent_id)
        kept, opened = before_turn(entries, request.user_turn), call_of_turn(entries, request.user_turn)
        if kept is None or opened is None or len(kept) > _MAX_FORKED_ENTRIES:
            raise NotFound("the session has no such turn")
        session_id = new_session_id()
        journal = await self._store.open(session_id, request.tenant_id)
        if not await self._store.append(session_id, request.tenant_id, journal.token, [entry_json(entry) for entry in kept]):
            raise DependencyError("the new session was not stored", vendor="redis")
        state = fold(first_state(_unknown_agent(request)), kept)
        reply = replay_pb2.ForkSessionReply(
            session_id=session_id,
            stage=state.stage,
            variables_json=orjson.dumps(state.variables.merged(), default=str).decode(),
            replaced_text=user_turns(entries)[request.user_turn],
            caller_phone=str(opened.metadata.get("caller_phone") or ""),
        )
        for line in state.lines:
            if line.message.role in ("user", "assistant") and line.message.content:
                reply.history.add(role=line.message.role, text=line.message.content)
        return reply

    async def _entries(self, session_id: str, tenant_id: str, agent_id: str) -> list[Entry]:
        """Raises NotFound for a session that is not there, or not this tenant's and agent's."""
        entries = await self._store.peek(session_id) if session_id and await self._store.owner(session_id) == tenant_id else []
        agents = {entry.agent_id for entry in entries if isinstance(entry, Opened)}
        if not entries or not agents <= {agent_id, ""}:
            raise NotFound("there is no such session any more; sessions are kept for a day")
        return entries


def _prepared(request: replay_pb2.PrepareRecordingRequest) -> tuple[bytes, str]:
    return _packed(unpacked(request.recording), request)


def _prepared_journal(entries: list[Entry], request: replay_pb2.PrepareRecordingRequest) -> tuple[bytes, str]:
    return _packed(of_journal(entries, request.session_id, _unknown_agent(request)), request)


def _packed(kept: KeptConversation, request: replay_pb2.PrepareRecordingRequest) -> tuple[bytes, str]:
    check(kept, _unknown_agent(request))
    kept = kept.without_people() if request.is_anonymous else kept
    return kept.packed(), orjson.dumps(summary(kept)).decode()


def _judged(data: bytes, snapshot_json: str) -> Verdict:
    try:
        snapshot = AgentSnapshot.model_validate_json(snapshot_json)
    except ValidationError as err:
        raise CallerError("the agent cannot be read by this release") from err
    return judge(unpacked(data), snapshot)


def _reply(verdict: Verdict) -> replay_pb2.ReplayRecordingReply:
    reply = replay_pb2.ReplayRecordingReply(decisions=verdict.decisions, differences_total=verdict.total)
    for remark in verdict.remarks:
        told = remark.difference
        reply.differences.add(
            kind=remark.kind, at_ms=max(0, int(told.at_ms)), what=told.what, recorded=told.recorded, today=told.today, after=told.after
        )
    return reply


def _unknown_agent(request: replay_pb2.ForkSessionRequest | replay_pb2.PrepareRecordingRequest) -> AgentSnapshot:
    """Of the agent nothing counts here but where its conversations begin."""
    return AgentSnapshot(
        tenant_id=TenantId(request.tenant_id),
        agent_id=AgentId(request.agent_id),
        deployment=0,
        settings=AgentSettings(display_name=request.agent_id),
        stages=(Stage(name=request.first_stage),),
        first_stage=request.first_stage,
    )


def _unreadable() -> CallerError:
    return CallerError("this recording cannot be replayed by this release", code="replay_broken")


def _no_sessions(err: Exception) -> DependencyError:
    _log.warning("sessions_unreadable", error=type(err).__name__)
    return DependencyError("sessions cannot be read right now", vendor="redis", code="sessions_unavailable")
