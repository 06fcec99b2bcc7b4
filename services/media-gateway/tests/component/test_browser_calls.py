"""Proves WS1 WS2 WS3 WS4 WS5 WS6 WS7 V8 on a real socket: handshake codes, audio both ways, sessions, limits."""

import asyncio
import json
from typing import Any

from callstage_audio.mp3 import decode_audio
from callstage_contracts import buckets, redis_keys
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.ids import AgentId
from callstage_phone.browser import BrowserCaller
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


def browser(gateway: Any, **query: str) -> BrowserCaller:
    return BrowserCaller(f"{gateway.ws}/ws/voice", {"api_key": gateway.api_key, **query}, chunk_bytes=(641, 333, 1280))


async def close_code(gateway: Any, query: str) -> int | None:
    async with connect(f"{gateway.ws}/ws/voice?{query}") as socket:
        try:
            async with asyncio.timeout(20):
                while True:
                    await socket.recv()
        except ConnectionClosed:
            return socket.close_code


async def next_json(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            message = await socket.recv()
            if isinstance(message, str) and json.loads(message)["type"] == kind:
                return json.loads(message)


async def test_a_conversation_in_mp3(gateway: Any, wait_until: Any, speech: bytes) -> None:
    async with browser(gateway) as caller:
        connected = await caller.wait_for("connected", 20)
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        assert connected.data["agentName"] == "Ada"
        assert connected.data["historyKey"] == runtime_call.open.context.session_id
        assert connected.data["callId"] == runtime_call.open.context.call_id
        runtime_call.speak("u1", 1.2, segments=2)
        runtime_call.down(notice=pb.Notice(type="transcript", payload_json='{"role":"assistant","text":"Hello.","isFinal":true}'))
        runtime_call.down(notice=pb.Notice(type="latency", payload_json="{}"))
        transcript = await caller.wait_for("transcript", 20)
        assert transcript.data == {"type": "transcript", "payload": {"role": "assistant", "text": "Hello.", "isFinal": True}}
        await caller.wait_for("audioEnd", 20)
        files = [message for _, message in caller.audio_messages]
        assert len(files) == 2
        assert all(abs(len(decode_audio(file, 24_000)) / 48_000 - 0.6) < 0.1 for file in files)
        assert all(event.type != "latency" for event in caller.events)
        finished = await wait_until(lambda: [report for report in runtime_call.bodies("playout") if report.is_finished])
        assert finished[0].heard_ms == 1200
        await caller.say(speech, rate_hz=8000)
        await wait_until(lambda: runtime_call.bodies("speech_stopped"))
        caller.send_text("my order")
        caller.dtmf("4")
        assert (await wait_until(lambda: runtime_call.bodies("dtmf")))[0].digit == "4"
        assert runtime_call.bodies("text")[0].text == "my order"
        caller.stop()
        assert await caller.wait_closed(3) == 1000
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert ended[0].reason == "client_stopped"


async def test_raw_pcm_and_barge_in(gateway: Any, wait_until: Any, speech: bytes) -> None:
    async with browser(gateway, format="pcm16_24k") as caller:
        await caller.wait_for("connected", 20)
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.speak("u1", 5, is_complete=False)
        await caller.wait_for_agent_speech(3)
        await asyncio.sleep(0.5)
        await caller.say(speech, rate_hz=8000)
        await caller.wait_for("audioStop", 20)
        interrupted = await wait_until(lambda: runtime_call.bodies("interrupted"))
        assert 500 < interrupted[0].heard_ms < 2500


async def test_refused_handshakes_tell_their_code(gateway: Any, wait_until: Any) -> None:
    signer = gateway.settings.token_signer
    assert await close_code(gateway, "api_key=vx_wrong") == 4001
    assert await close_code(gateway, "") == 4001
    assert await close_code(gateway, "token=abc.def") == 4001
    assert await close_code(gateway, f"api_key={gateway.api_key}&agent_id=nobody") == 4005
    for code, expected in (("provider_missing", 4004), ("model_not_allowed", 4003), ("not_deployed", 4005)):
        gateway.runtime.failure = pb.CallFailed(code=code, message="no")
        token = signer.sign("ws", {"tenant_id": gateway.tenant_id, "agent_id": "front-desk", "deployment": 3}, ttl_s=60)
        assert await close_code(gateway, f"token={token}") == expected


async def test_more_than_thirty_connections_a_minute_are_refused(gateway: Any) -> None:
    # Two windows of a minute cannot hold 61 connections.
    codes = [await close_code(gateway, f"api_key={gateway.api_key}&agent_id=nobody") for _ in range(61)]
    assert codes[:30] == [4005] * 30
    assert 4029 in codes


async def test_sessions_are_resumed_only_by_their_tenant(gateway: Any, wait_until: Any, redis_server: str) -> None:
    async with Redis.from_url(redis_server) as redis:
        await redis.set(redis_keys.session_owner("ses_mine"), gateway.tenant_id, ex=60)
        await redis.set(redis_keys.session_owner("ses_foreign"), "somebody-else", ex=60)
    for given, is_resumed in (("ses_mine", True), ("ses_foreign", False), ("ses_unknown", False)):
        seen = len(gateway.runtime.calls)
        async with browser(gateway, session_id=given) as caller:
            connected = await caller.wait_for("connected", 20)
            runtime_call = (await wait_until(lambda count=seen: gateway.runtime.calls[count:]))[0]
            assert (connected.data["historyKey"] == given) is is_resumed
            assert runtime_call.open.HasField("resume") is is_resumed
            assert runtime_call.open.resume.new_call is is_resumed


async def test_a_test_session_sees_its_inside_and_is_looked_up(gateway: Any, wait_until: Any) -> None:
    connection = buckets.BackendConnection(
        tenant_id=gateway.tenant_id, agent_id=AgentId("front-desk"), kind="odoo", url="http://odoo", secret_sealed="x"
    )
    await gateway.put(buckets.BACKENDS, buckets.agent_key(gateway.tenant_id, "front-desk"), connection)
    claims = {"tenant_id": gateway.tenant_id, "agent_id": "front-desk", "deployment": 0, "test": True, "caller_phone": "+32470000000"}
    token = gateway.settings.token_signer.sign("ws", claims, ttl_s=60)
    async with connect(f"{gateway.ws}/ws/voice?token={token}") as socket:
        await next_json(socket, "connected")
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        assert runtime_call.open.context.is_test
        assert runtime_call.open.context.deployment == 0
        assert runtime_call.open.context.caller_phone == "+32470000000"
        assert json.loads((await wait_until(lambda: runtime_call.bodies("lookup")))[0].variables_json)["found"] is True
        runtime_call.down(notice=pb.Notice(type="stage", payload_json='{"stage":"main"}'))
        assert (await next_json(socket, "stage"))["payload"] == {"stage": "main"}


async def test_floods_and_garbage_are_bounded(gateway: Any, wait_until: Any) -> None:
    async def code_after(*frames: str | bytes) -> int | None:
        async with connect(f"{gateway.ws}/ws/voice?api_key={gateway.api_key}") as socket:
            await next_json(socket, "connected")
            try:
                for frame in frames:
                    await socket.send(frame)
                async with asyncio.timeout(20):
                    while True:
                        await socket.recv()
            except ConnectionClosed:
                return socket.close_code

    assert await code_after(*[bytes(64_000)] * 40) == 1008
    assert await code_after(json.dumps({"type": "text", "text": "x" * 70_000})) == 1008
    assert await code_after(*["not json"] * 12) == 1008
    ended = await wait_until(lambda: len(gateway.events_of("call.ended")) == 3 and gateway.events_of("call.ended"))
    assert {event.reason for event in ended} == {"client_misbehaved"}


async def test_one_senseless_message_is_an_error_message(gateway: Any) -> None:
    async with connect(f"{gateway.ws}/ws/voice?api_key={gateway.api_key}") as socket:
        await next_json(socket, "connected")
        await socket.send('{"type": "dance"}')
        assert (await next_json(socket, "error"))["payload"]["code"] == "invalid_message"
