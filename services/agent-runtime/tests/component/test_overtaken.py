"""Proves C5 T8: a process whose conversation another one has taken over takes no effect any more, and says so where somebody waits for it."""

import asyncio
from typing import Any

import grpc
import pytest
from agent_runtime.providers.ports import TextDelta
from callstage_contracts.pb.runtime.v1 import runtime_pb2, runtime_pb2_grpc
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2

from .conftest import Mirror, World, agent, call, ok

pytestmark = pytest.mark.leaks_allowed("sockets")


async def test_a_text_turn_that_was_overtaken_runs_no_tool_and_answers_nothing(world: World) -> None:
    async def order(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        return ok({"total": 12})

    held = asyncio.Event()
    world.sandbox.handlers["place_order"] = order
    world.mirror = Mirror(agent(channel="chat"))
    world.llm.answers = [[held, call("place_order", {"item": "rose"})], [TextDelta("Here I am.")]]

    def turn(number: str) -> runtime_pb2.TextTurnRequest:
        return runtime_pb2.TextTurnRequest(context=world.context(channel="chat"), text="a rose", turn_id=number)

    async with world.runtime() as first, world.runtime() as second:
        async with grpc.aio.insecure_channel(first) as old, grpc.aio.insecure_channel(second) as new:
            stub: Any = runtime_pb2_grpc.ConversationServiceStub(old)
            waiting = stub.TextTurn(turn("m1"))
            async with asyncio.timeout(10):
                while not world.llm.requests:
                    await asyncio.sleep(0.01)
            assert (await runtime_pb2_grpc.ConversationServiceStub(new).TextTurn(turn("m2"))).text == "Here I am."  # type: ignore[misc]
            held.set()
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await waiting
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert world.sandbox.runs == []
