"""Proves D4 D6 T8: a session forked from an earlier turn goes on from there and runs its tools anew; recordings are prepared and replayed."""

import json
import zlib
from typing import Any

import grpc
import pytest
from agent_runtime.providers.ports import TextDelta
from callstage_contracts.pb.runtime.v1 import replay_pb2, replay_pb2_grpc, runtime_pb2

from .conftest import World, agent, call, gateway, ok

# grpc.aio keeps one pair of sockets per process for its poller, made with the first channel.
pytestmark = pytest.mark.leaks_allowed("sockets")


async def _order(world: World, target: str) -> None:
    """A call of two turns: an order, then a question about the payment."""
    async with gateway(world, target) as caller:
        await caller.open()
        await caller.hear()
        await caller.say("A pizza please.")
        await caller.hear()
        await caller.say("By card.")
        await caller.hear()
        await caller.send(close=runtime_pb2.CloseCall(reason="caller_hung_up"))


def _fork(world: World, turn: int, **changes: Any) -> replay_pb2.ForkSessionRequest:
    values: dict[str, Any] = {"tenant_id": "t1", "agent_id": "shop", "session_id": world.session_id, "user_turn": turn, "first_stage": "order"}
    return replay_pb2.ForkSessionRequest(**{**values, **changes})


@pytest.fixture
def ordering(world: World) -> World:
    async def place(request: Any) -> Any:
        return ok({"total": f"{len(world.sandbox.runs)}0"}, {"order": request.run_key})

    world.sandbox.handlers["place_order"] = place
    world.llm.answers = [
        [call("place_order", {"item": "pizza"})],
        [TextDelta("Ten dollars. How do you pay?")],
        [TextDelta("By card it is.")],
        [call("place_order", {"item": "salad"})],
        [TextDelta("Twenty dollars.")],
    ]
    return world


async def test_an_edited_turn_runs_on_from_there(ordering: World) -> None:
    world = ordering
    async with world.runtime() as target, grpc.aio.insecure_channel(target) as channel:
        await _order(world, target)
        stub: Any = replay_pb2_grpc.ReplayServiceStub(channel)
        first = await stub.ForkSession(_fork(world, 0))
        assert (first.stage, first.replaced_text, first.caller_phone) == ("order", "A pizza please.", "+15550100")
        second = await stub.ForkSession(_fork(world, 1))
        assert (second.stage, second.replaced_text) == ("payment", "By card.")
        assert [line.text for line in second.history][:2] == ["Hello there.", "A pizza please."]
        assert json.loads(second.variables_json)["order"] == f"{world.call_id}:tc1"
        assert len({first.session_id, second.session_id, world.session_id}) == 3
        async with gateway(world, target) as caller:
            await caller.open(context={"session_id": first.session_id, "call_id": "call-fork"}, resume=runtime_pb2.Resume(new_call=True))
            opened = await caller.next("opened")
            assert (opened.resumed, opened.session_id) == (True, first.session_id)
            await caller.say("A salad please.")
            await caller.hear()
    assert [request.run_key for request in world.sandbox.requests] == [f"{world.call_id}:tc1", "call-fork:tc1"]
    assert world.sandbox.runs == ["place_order", "place_order"], "the tool ran again: its key is a new one"
    asked = world.llm.requests[-1].messages
    assert [message.content for message in asked if message.role == "user"] == ["A salad please."]


async def test_sessions_of_others_cannot_be_forked(ordering: World) -> None:
    async with ordering.runtime() as target, grpc.aio.insecure_channel(target) as channel:
        await _order(ordering, target)
        stub: Any = replay_pb2_grpc.ReplayServiceStub(channel)
        for request in (
            _fork(ordering, 0, tenant_id="t2"),
            _fork(ordering, 0, agent_id="other"),
            _fork(ordering, 7),
            _fork(ordering, 0, session_id="unknown"),
            _fork(ordering, 0, session_id=""),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.ForkSession(request)
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_session_becomes_a_test_and_is_held_against_drafts(ordering: World) -> None:
    async with ordering.runtime() as target, grpc.aio.insecure_channel(target) as channel:
        await _order(ordering, target)
        stub: Any = replay_pb2_grpc.ReplayServiceStub(channel)
        prepared = await stub.PrepareRecording(
            replay_pb2.PrepareRecordingRequest(tenant_id="t1", agent_id="shop", session_id=ordering.session_id, first_stage="order")
        )
        told = json.loads(prepared.summary_json)
        assert (told["user_turns"], told["stages"], told["tools"]) == (2, ["payment"], ["place_order"])

        async def replayed(snapshot: Any) -> Any:
            return await stub.ReplayRecording(
                replay_pb2.ReplayRecordingRequest(recording=prepared.recording, snapshot_json=snapshot.model_dump_json())
            )

        same = await replayed(agent())
        assert (same.differences_total, same.decisions > 0) == (0, True)
        stages = agent().stages
        lost = agent(stages=(stages[0].model_copy(update={"tools": ("end_call",), "transitions": ()}), stages[1]))
        assert {difference.kind for difference in (await replayed(lost)).differences} >= {"tool"}
        for wrong in (b"junk", zlib.compress(b"{}")):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.ReplayRecording(replay_pb2.ReplayRecordingRequest(recording=wrong, snapshot_json=agent().model_dump_json()))
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
