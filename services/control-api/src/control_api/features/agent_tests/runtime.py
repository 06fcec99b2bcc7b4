"""agent-runtime as seen from here: it alone reads journals and recordings (rules D4, D6)."""

import json
from dataclasses import dataclass, field
from typing import Any

import grpc
from callstage_contracts.pb.runtime.v1 import replay_pb2, replay_pb2_grpc

from control_api.features.providers.runtime import answered

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Forked:
    """A session that stands where another one stood. `history` holds (role, text)."""

    session_id: str
    stage: str
    variables: dict[str, Any]
    history: list[tuple[str, str]]
    replaced_text: str
    caller_phone: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A recording as a test keeps it, and what it is about."""

    body: bytes
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """Differences as on the wire: kind, at_ms, what, recorded, today, after."""

    decisions: int
    total: int
    differences: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class ReplayClient:
    """Every method raises DependencyError when no agent-runtime answers, NotFound and CallerError as agent-runtime says."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = replay_pb2_grpc.ReplayServiceStub(channel)

    async def fork(self, tenant_id: str, agent_id: str, first_stage: str, session_id: str, user_turn: int) -> Forked:
        """Raises NotFound for a session or a turn that is not there."""
        request = replay_pb2.ForkSessionRequest(
            tenant_id=tenant_id, agent_id=agent_id, session_id=session_id, user_turn=user_turn, first_stage=first_stage
        )
        reply: replay_pb2.ForkSessionReply = await answered(self._stub.ForkSession(request, timeout=_TIMEOUT_S))
        history = [(line.role, line.text) for line in reply.history]
        return Forked(reply.session_id, reply.stage, json.loads(reply.variables_json or "{}"), history, reply.replaced_text, reply.caller_phone)

    async def prepare(
        self, tenant_id: str, agent_id: str, first_stage: str, *, recording: bytes = b"", session_id: str = "", is_anonymous: bool = False
    ) -> Prepared:
        """Of a recording, or of the journal of a session. Raises CallerError for what cannot be read."""
        request = replay_pb2.PrepareRecordingRequest(
            tenant_id=tenant_id,
            agent_id=agent_id,
            first_stage=first_stage,
            recording=recording,
            session_id=session_id,
            is_anonymous=is_anonymous,
        )
        reply: replay_pb2.PrepareRecordingReply = await answered(self._stub.PrepareRecording(request, timeout=_TIMEOUT_S))
        return Prepared(reply.recording, json.loads(reply.summary_json))

    async def replay(self, recording: bytes, snapshot_json: str) -> Replayed:
        """Raises CallerError for what cannot be replayed."""
        request = replay_pb2.ReplayRecordingRequest(recording=recording, snapshot_json=snapshot_json)
        reply: replay_pb2.ReplayRecordingReply = await answered(self._stub.ReplayRecording(request, timeout=_TIMEOUT_S))
        names = ("kind", "at_ms", "what", "recorded", "today", "after")
        found = [{name: getattr(difference, name) for name in names} for difference in reply.differences]
        return Replayed(reply.decisions, reply.differences_total, found)
