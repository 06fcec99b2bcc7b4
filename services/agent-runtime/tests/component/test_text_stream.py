"""Proves D4 WS4 WS6 V7 A6 K2 P1 T8 for text: a watched conversation shows its answer while it is written, and what happens on the way."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from agent_runtime.providers.ports import TextDelta
from callstage_contracts.pb.runtime.v1 import runtime_pb2, runtime_pb2_grpc
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.errors import DependencyError
from callstage_domain.ids import new_session_id

from .conftest import Mirror, World, agent, call, ok

pytestmark = pytest.mark.leaks_allowed("sockets")


@asynccontextmanager
async def chat(world: World) -> AsyncGenerator[Any]:
    """`await say(turn_id=…, …)` → the parts of one turn."""
    async with world.runtime() as target, grpc.aio.insecure_channel(target) as channel:
        stub: Any = runtime_pb2_grpc.ConversationServiceStub(channel)

        async def say(context: dict[str, Any] | None = None, **request: Any) -> list[runtime_pb2.TextTurnPart]:
            wanted = runtime_pb2.TextTurnRequest(context=world.context(channel="chat", **(context or {})), **request)
            return [part async for part in stub.StreamTextTurn(wanted, timeout=10)]

        yield say


def notices(parts: list[runtime_pb2.TextTurnPart], kind: str) -> list[dict[str, Any]]:
    return [json.loads(part.notice.payload_json) for part in parts if part.HasField("notice") and part.notice.type == kind]


def finals(parts: list[runtime_pb2.TextTurnPart]) -> list[tuple[str, str]]:
    return [(said["role"], said["text"]) for said in notices(parts, "transcript") if said["isFinal"]]


async def _order(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
    return ok({"total": 12}, {"customer_id": 7})


def _explains_an_answer_with_a_tool(waterfall: dict[str, Any]) -> None:
    """In the order in which it happened, on one clock (rules D4, K5)."""
    first, second = waterfall["llm"]
    (tool,) = waterfall["tools"]
    moments = [waterfall["speech_end_ms"], first["request_ms"], waterfall["heard_ms"], tool["start_ms"], tool["end_ms"], second["request_ms"]]
    assert moments == sorted(moments)
    assert waterfall["heard_ms"] == first["first_token_ms"], "the first words are what the writer waits for"
    assert second["first_token_ms"] <= second["done_ms"]
    assert (tool["tool"], tool["status"], first["provider"]) == ("place_order", "ok", "fake_llm")
    assert (waterfall["stt"], waterfall["tts"]) == (None, None)


async def test_a_conversation_from_greeting_to_end(world: World) -> None:
    world.sandbox.handlers["place_order"] = _order
    world.mirror = Mirror(agent(channel="chat", settings={"disclosure": True}))
    world.llm.answers = [
        [TextDelta("One "), TextDelta("moment."), call("place_order", {"item": "rose"})],
        [TextDelta("That is 12 dollars.")],
        [TextDelta("Bye"), call("end_call", {"reason": "x"}, "z")],
    ]
    async with chat(world) as say:
        opening = await say(turn_id="open", opens=True, lookup_json='{"found": true, "name": "Ada"}')
        assert (opening[0].opened.agent_name, opening[0].opened.session_id, opening[0].opened.resumed) == ("Mia", world.session_id, False)
        assert finals(opening) == [("assistant", "You are writing with Mia, an AI assistant.\n\nHello Ada.")]
        assert (notices(opening, "stage")[0]["stage"], notices(opening, "variables")[0]["name"]) == ("order", "Ada")
        ordered = await say(text="a rose", turn_id="m1")
        assert finals(ordered) == [("user", "a rose"), ("assistant", "One moment."), ("assistant", "That is 12 dollars.")]
        drafts = [said for said in notices(ordered, "transcript") if not said["isFinal"]]
        assert drafts[0] == {"role": "assistant", "text": "One", "isFinal": False}
        assert (notices(ordered, "tool")[0]["name"], notices(ordered, "tool")[0]["result"]) == ("place_order", {"total": 12})
        assert notices(ordered, "stage") == [{"stage": "payment", "previous": "order", "byTool": "place_order"}]
        (told,) = notices(ordered, "latency")
        assert told["response_ms"] >= 0
        _explains_an_answer_with_a_tool(told["waterfall"])
        assert (ordered[-1].reply.stage, ordered[-1].reply.is_ended, ordered[-1].reply.turns) == ("payment", False, 1)
        again = await say(text="a rose", turn_id="m1")
        assert (finals(again), again[-1].reply.turns) == ([("assistant", "One moment.\n\nThat is 12 dollars.")], 1)
        assert (await say(text="bye", turn_id="m2"))[-1].reply.is_ended
    roles = [(message.role, message.content) for message in world.llm.requests[0].messages]
    assert roles == [("assistant", "You are writing with Mia, an AI assistant.\n\nHello Ada."), ("user", "a rose")]
    turns = [(turn.turn, turn.role) for turn in world.events.of("call.turn")]
    assert turns == [(0, "assistant"), (1, "user"), (2, "assistant"), (3, "user"), (4, "assistant")]
    greeting, answer, _ = [turn for turn in world.events.of("call.turn") if turn.role == "assistant"]
    assert (greeting.latency, greeting.waterfall) == (None, None), "nobody waited for it"
    _explains_an_answer_with_a_tool(answer.waterfall.model_dump(mode="json"))


async def test_an_old_session_is_not_greeted_and_a_foreign_one_not_found(world: World) -> None:
    world.llm.answers = [[TextDelta("Noted.")]]
    async with chat(world) as say:
        await say(turn_id="open", opens=True)
        await say(text="I am Ada", turn_id="m1")
        back = await say({"call_id": "second"}, turn_id="open-2", opens=True, resumes=True)
        assert (back[0].opened.resumed, back[0].opened.session_id, finals(back)) == (True, world.session_id, [])
        foreign = await say({"call_id": "third", "session_id": new_session_id()}, turn_id="open-3", opens=True, resumes=True)
        assert (foreign[0].opened.resumed, finals(foreign)) == (False, [("assistant", "Hello there.")])


async def test_what_cannot_be_answered_says_why(world: World) -> None:
    world.llm.answers = [[DependencyError("no", vendor="fake_llm")]]
    async with chat(world) as say:
        failed = await say(text="hello", turn_id="m1")
        assert failed[-1].failed.code == "provider_failed"
        unknown = await say({"deployment": 9}, turn_id="open", opens=True)
        assert unknown[-1].failed.code == "not_deployed"
        empty = await say(text="", turn_id="m2")
        assert empty[-1].HasField("failed")


async def test_an_agent_that_waits_is_prepared_once(world: World) -> None:
    async def prefetch(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        return ok({"offer": "tulips"})

    world.sandbox.handlers["prefetch"] = prefetch
    world.mirror = Mirror(agent(channel="chat", preload_tools=("prefetch",), settings={"speak_first": False}))
    async with chat(world) as say:
        opening = await say(turn_id="open", opens=True, lookup_json='{"found": true, "name": "Ada"}')
        assert (finals(opening), notices(opening, "tool")[0]["isPreload"]) == ([], True)
        answer = await say(text="hello", turn_id="m1")
        assert finals(answer) == [("user", "hello"), ("assistant", "Yes.")]
    assert world.sandbox.runs == ["prefetch"]


async def test_a_turn_that_is_left_and_asked_again_happens_once(world: World) -> None:
    held, asked = asyncio.Event(), asyncio.Event()

    async def order(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        asked.set()
        await held.wait()
        return ok({"total": 12})

    world.sandbox.handlers["place_order"] = order
    world.llm.answers = [[call("place_order", {"item": "rose"})], [TextDelta("12 dollars.")]]
    async with world.runtime() as target, grpc.aio.insecure_channel(target) as channel:
        stub: Any = runtime_pb2_grpc.ConversationServiceStub(channel)
        request = runtime_pb2.TextTurnRequest(context=world.context(channel="chat"), text="a rose", turn_id="c-1")
        left = stub.StreamTextTurn(request, timeout=10)
        async with asyncio.timeout(10):
            await left.read()
            await asked.wait()
        left.cancel()
        held.set()
        parts = [part async for part in stub.StreamTextTurn(request, timeout=10)]
        assert (parts[-1].reply.text, parts[-1].reply.turns) == ("12 dollars.", 1)
        assert [part.reply.text async for part in stub.StreamTextTurn(request, timeout=10)][-1] == "12 dollars."
    assert world.sandbox.runs == ["place_order"]
    assert [turn.text for turn in world.events.of("call.turn") if turn.role == "user"] == ["a rose"]


async def test_nobody_is_told_of_tools_outside_a_test(world: World) -> None:
    world.sandbox.handlers["place_order"] = _order
    world.llm.answers = [[call("place_order", {"item": "rose"})], [TextDelta("Done.")]]
    async with chat(world) as say:
        parts = await say({"is_test": False}, text="a rose", turn_id="m1")
    assert {part.notice.type for part in parts if part.HasField("notice")} == {"transcript"}
