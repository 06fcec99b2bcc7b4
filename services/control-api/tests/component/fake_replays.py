"""agent-runtime's `ReplayService` as tests of control-api need it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from callstage_contracts.pb.runtime.v1 import replay_pb2 as pb
from callstage_contracts.pb.runtime.v1 import replay_pb2_grpc
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health

SUMMARY = {
    "user_turns": 1,
    "stages": ["pay"],
    "tools": ["buy"],
    "ended_reason": "agent_ended",
    "history": [{"kind": "said", "role": "user", "text": "A rose.", "stage": "", "tool": "", "status": ""}],
}


class FakeReplays(replay_pb2_grpc.ReplayServiceServicer):
    """A runtime that says what the test wants."""

    def __init__(self) -> None:
        self.prepared: list[pb.PrepareRecordingRequest] = []
        self.replayed: list[pb.ReplayRecordingRequest] = []
        self.forked: list[pb.ForkSessionRequest] = []
        self.differences: list[pb.ReplayDifference] = []
        self.refusal: grpc.StatusCode | None = None

    async def ForkSession(self, request: pb.ForkSessionRequest, context: Any) -> pb.ForkSessionReply:  # noqa: N802
        self.forked.append(request)
        if request.session_id == "unknown":
            context.set_trailing_metadata((("callstage-code", "not_found"),))
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such session any more")
        history = [pb.HistoryLine(role="assistant", text="Hello.")]
        return pb.ForkSessionReply(
            session_id="ses_fork",
            stage="main",
            variables_json='{"name": "Ada"}',
            history=history,
            replaced_text="A rose.",
            caller_phone="+15550002222",
        )

    async def PrepareRecording(self, request: pb.PrepareRecordingRequest, context: Any) -> pb.PrepareRecordingReply:  # noqa: N802
        self.prepared.append(request)
        return pb.PrepareRecordingReply(recording=request.recording or b"of the journal", summary_json=json.dumps(SUMMARY))

    async def ReplayRecording(self, request: pb.ReplayRecordingRequest, context: Any) -> pb.ReplayRecordingReply:  # noqa: N802
        self.replayed.append(request)
        if self.refusal is not None:
            context.set_trailing_metadata((("callstage-code", "invalid"),))
            await context.abort(self.refusal, "the recording is damaged")
        return pb.ReplayRecordingReply(decisions=5, differences=self.differences, differences_total=len(self.differences))


@asynccontextmanager
async def serving(replays: FakeReplays) -> AsyncGenerator[int]:
    """Its port."""

    def register(server: grpc.aio.Server) -> None:
        replay_pb2_grpc.add_ReplayServiceServicer_to_server(replays, server)

    async with serve_grpc(register, Health(), "127.0.0.1", 0, stop_grace_s=0) as port:
        yield port


def difference(kind: str) -> pb.ReplayDifference:
    """Of a kind: stage, tool, outcome, words, prompt, timing."""
    return pb.ReplayDifference(kind=kind, at_ms=900, what="the stage", recorded="pay", today="wrap", after="a tool")
