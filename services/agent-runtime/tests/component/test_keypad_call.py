"""Proves B3: a number that the caller types over a real link, hidden from everyone but the tool that needs it, and tones for a phone menu."""

import json
from typing import Any

import pytest
from agent_runtime.providers.ports import TextDelta
from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.agent import AgentSnapshot, Stage, ToolDefinition
from callstage_kit.redis.connection import connect_redis

from .conftest import Mirror, World, agent, call, gateway, ok

# grpc.aio keeps one pair of sockets per process for its poller, made with the first channel.
pytestmark = pytest.mark.leaks_allowed("sockets")


def desk() -> AgentSnapshot:
    """One stage with both tools and a code tool for the PIN."""
    schema = {"type": "object", "properties": {"pin": {"type": "string"}}, "required": ["pin"]}
    stage = Stage(name="desk", prompt="Ask for the PIN.", tools=("collect_digits", "send_dtmf", "check_pin", "end_call"))
    tools = {"check_pin": ToolDefinition(name="check_pin", kind="code", parameters=schema)}
    return agent(stages=(stage,), first_stage="desk", tools=tools, preload_tools=())


async def test_a_hidden_number_over_the_wire(world: World, redis_server: str) -> None:
    given: list[Any] = []

    async def check(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        given.append((json.loads(request.args_json), dict(request.hidden_values)))
        return ok({"ok": True})

    world.mirror = Mirror(desk())
    world.sandbox.handlers["check_pin"] = check
    world.llm.answers = [
        [TextDelta("Please type your PIN."), call("collect_digits", {"length": 4, "is_sensitive": True})],
        [TextDelta("Thank you.")],
    ]
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        await line.next("opened")
        await line.hear()
        await line.say("I want to pay")
        await line.hear()
        for number, digit in enumerate("8305", start=2):
            await line.send(dtmf=runtime_pb2.DtmfInput(digit=digit, said=number))
        await line.hear()
        told = json.loads(world.llm.requests[1].messages[-1].content)
        assert (told["status"], told["length"], told["digits"][:8]) == ("complete", 4, "[keypad-")
        world.llm.answers = [[call("check_pin", {"pin": told["digits"]}, "tc2")], [TextDelta("It is right.")]]
        await line.say("check it")
        await line.hear()
    assert given == [({"pin": "8305"}, {told["digits"]: "8305"})]
    assert [message.pause_recording.is_paused for message in line.down if message.HasField("pause_recording")] == [True, False]
    assert 5 in [message.turn_taken.said for message in line.down if message.HasField("turn_taken")]
    async with connect_redis(redis_server) as redis:
        stored = [str(await redis.dump(key)) for key in await redis.keys("*") if world.session_id in str(key)]
    assert stored
    assert not [data for data in stored if "8305" in data]
    events = [event for kind in ("tool.run", "call.turn") for event in world.events.of(kind)]
    assert len(events) > 4
    assert not [event for event in events if "8305" in str(event)]


async def test_tones_over_the_wire(world: World) -> None:
    world.mirror = Mirror(desk())
    world.llm.answers = [[call("send_dtmf", {"digits": "12#"})], [TextDelta("Done.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        await line.next("opened")
        await line.hear()
        await line.say("choose sales")
        kept = (await line.next("keep_playing")).utterance_id
        await line.next("utterance_end")
        assert line.heard_ms(kept) == 600
        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=kept, heard_ms=600, is_started=True, is_finished=True))
        await line.hear()
    assert json.loads(world.llm.requests[1].messages[-1].content) == {"status": "sent"}
