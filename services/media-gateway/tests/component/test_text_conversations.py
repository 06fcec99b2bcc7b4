"""Proves WS1 WS2 WS4 WS5 WS6 WS7 D4 for `mode=chat`: a conversation in text on the browser's socket."""

import asyncio
import json
from typing import Any

from callstage_contracts import buckets, redis_keys
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.ids import AgentId
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


def chat(gateway: Any, query: str = "") -> Any:
    return connect(f"{gateway.ws}/ws/voice?api_key={gateway.api_key}&mode=chat{query}")


async def messages_until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """All messages, that kind included."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while not found or found[-1]["type"] != kind:
            found.append(json.loads(await socket.recv()))
    return found


async def close_code(socket: ClientConnection) -> int | None:
    try:
        async with asyncio.timeout(10):
            while True:
                await socket.recv()
    except ConnectionClosed:
        return socket.close_code


def said(messages: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    return [(message["payload"]["role"], message["payload"]["text"], message["payload"]["isFinal"]) for message in messages if "payload" in message]


async def test_a_conversation_in_text(gateway: Any, wait_until: Any) -> None:
    async with chat(gateway) as socket:
        opening = await messages_until(socket, "audioEnd")
        assert (opening[0]["type"], opening[0]["agentName"], opening[0]["mode"], opening[0]["resumed"]) == ("connected", "Ada", "chat", False)
        assert said(opening) == [("assistant", "Hello.", True)]
        await socket.send('{"type":"text","text":" my order ","id":"m1"}')
        answer = await messages_until(socket, "audioEnd")
        assert said(answer) == [("user", "my order", True), ("assistant", "m", False), ("assistant", "my order", True)]
        assert all(message["type"] != "tool" for message in answer)
        await socket.send('{"type":"text","text":"bye"}')
        assert await close_code(socket) == 1000
    first, second, third = gateway.runtime.text_turns
    assert (first.opens, second.turn_id, second.text, second.context.channel) == (True, "c-m1", "my order", "chat")
    assert {turn.context.session_id for turn in (first, second, third)} == {opening[0]["historyKey"]}
    assert third.turn_id not in ("", second.turn_id)
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert (ended[0].reason, gateway.events_of("call.started")[0].channel, ended[0].call_id) == ("agent_ended", "chat", opening[0]["callId"])


async def test_a_session_goes_on_and_a_test_session_is_told_everything(gateway: Any, redis_server: str) -> None:
    async with Redis.from_url(redis_server) as redis:
        await redis.set(redis_keys.session_owner("ses-mine"), gateway.tenant_id, ex=60)
        await redis.set(redis_keys.session_owner("ses-theirs"), "somebody-else", ex=60)
    claims = {"tenant_id": gateway.tenant_id, "agent_id": "front-desk", "deployment": 0, "test": True}
    token = gateway.settings.token_signer.sign("ws", claims, ttl_s=60)
    async with connect(f"{gateway.ws}/ws/voice?token={token}&mode=chat&session_id=ses-mine") as socket:
        opening = await messages_until(socket, "audioEnd")
        assert (opening[0]["historyKey"], opening[0]["resumed"]) == ("ses-mine", True)
        await socket.send('{"type":"text","text":"hello"}')
        assert [message["payload"] for message in await messages_until(socket, "audioEnd") if message["type"] == "tool"] == [{"name": "look"}]
        await socket.send('{"type":"stop"}')
        assert await close_code(socket) == 1000
    assert gateway.runtime.text_turns[0].context.deployment == 0
    async with chat(gateway, "&session_id=ses-theirs") as socket:
        assert (await messages_until(socket, "connected"))[0]["historyKey"] != "ses-theirs"


async def test_agents_for_text_and_agents_that_are_not_there(gateway: Any, wait_until: Any) -> None:
    active = buckets.ActiveDeployment.model_validate(
        {
            "tenant_id": gateway.tenant_id,
            "agent_id": "writer",
            "deployment": 2,
            "agent_created_at": "2026-01-01T00:00:00Z",
            "display_name": "W",
            "channel": "chat",
        }
    )
    await gateway.put(buckets.ACTIVE, buckets.agent_key(gateway.tenant_id, AgentId("writer")), active)

    async def answers() -> bool:
        async with chat(gateway, "&agent_id=writer") as socket:
            return json.loads(await socket.recv())["type"] == "connected"

    async with asyncio.timeout(10):
        while True:
            try:
                assert await answers()
                break
            except ConnectionClosed:
                await asyncio.sleep(0.05)
    async with connect(f"{gateway.ws}/ws/voice?api_key={gateway.api_key}&agent_id=writer") as socket:
        assert await close_code(socket) == 4005
    async with chat(gateway, "&agent_id=nobody") as socket:
        assert await close_code(socket) == 4005


async def test_trouble_is_told_and_does_not_end_the_conversation(gateway: Any) -> None:
    plain = gateway.runtime.answer_text

    async def failing(request: pb.TextTurnRequest) -> list[pb.TextTurnPart]:
        if request.text == "fail":
            return [pb.TextTurnPart(failed=pb.CallFailed(code="provider_failed", message="no"))]
        return await plain(request)

    gateway.runtime.answer_text = failing
    async with chat(gateway) as socket:
        await messages_until(socket, "audioEnd")
        await socket.send('{"type":"text","text":"fail"}')
        failed = await messages_until(socket, "audioEnd")
        assert failed[0]["payload"]["code"] == "provider_failed"
        await socket.send('{"type":"text","text":"again"}')
        assert said(await messages_until(socket, "audioEnd"))[-1] == ("assistant", "again", True)
        await socket.send(json.dumps({"type": "text", "text": "x" * 4001}))
        assert (await messages_until(socket, "error"))[-1]["payload"]["code"] == "text_too_long"
        for _ in range(12):
            await socket.send(b"\0\0")
        assert await close_code(socket) == 1008


async def test_an_agent_that_cannot_be_opened_closes_with_its_code(gateway: Any) -> None:
    async def refused(request: pb.TextTurnRequest) -> list[pb.TextTurnPart]:
        return [pb.TextTurnPart(failed=pb.CallFailed(code="model_not_allowed", message="no"))]

    gateway.runtime.answer_text = refused
    async with chat(gateway) as socket:
        assert await close_code(socket) == 4003


async def test_a_turn_goes_to_another_runtime_when_its_own_is_lost(start_gateway: Any, wait_until: Any) -> None:
    async with start_gateway(with_spare=True) as gateway:
        async with chat(gateway) as socket:
            await messages_until(socket, "audioEnd")
            used, other = (gateway.runtime, gateway.spare) if gateway.runtime.text_turns else (gateway.spare, gateway.runtime)
            await used.stop()
            await socket.send('{"type":"text","text":"still there?"}')
            assert said(await messages_until(socket, "audioEnd"))[-1] == ("assistant", "still there?", True)
            assert other.text_turns[-1].text == "still there?"


async def test_a_gateway_that_leaves_says_come_back(gateway: Any) -> None:
    async with chat(gateway) as socket:
        await messages_until(socket, "audioEnd")
        await gateway.drain()
        assert await close_code(socket) == 1012
