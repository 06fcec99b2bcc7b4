"""Proves C5 K4 K5 at shutdown and after a loss: calls move to another gateway, browsers are told, and every call gets its last word."""

import asyncio
import json
import re
from typing import Any

import httpx2
import pytest
from callstage_kit.health import Health
from callstage_phone.call import FetchFailed
from callstage_phone.carrier import CarrierSettings
from callstage_phone.telnyx import TelnyxCaller
from callstage_phone.twilio import TwilioCaller, twilio_signature
from media_gateway.wiring import build
from websockets.asyncio.client import connect

TOKEN = "twilio-auth-token"
CALLER, NUMBER = "+32470123456", "+14155550100"


def carrier(gateway: Any) -> TwilioCaller:
    return TwilioCaller(CarrierSettings(f"{gateway.http}/api/twilio/voice"), auth_token=TOKEN)


@pytest.mark.parametrize("dialect", ["twilio", "telnyx"])
async def test_a_draining_gateway_hands_its_call_to_another_one_when_nobody_speaks(
    gateway: Any, wait_until: Any, dialect: str, telnyx_private_key: str
) -> None:
    telnyx = TelnyxCaller(CarrierSettings(f"{gateway.http}/incoming/telnyx"), private_key=telnyx_private_key)
    async with carrier(gateway) if dialect == "twilio" else telnyx as phone, phone.call(from_=CALLER, to=NUMBER) as call:
        first = (await wait_until(lambda: gateway.runtime.calls))[0]
        first.speak("u1", 1.0)
        await call.wait_for_agent_speech(3)
        other = gateway.settings.model_copy(update={"instance": "other"})
        async with build(other, Health()):
            await wait_until(lambda: len(gateway.runtime.calls) == 1)
            async with asyncio.timeout(10):
                await gateway.drain()
            finished = [report for report in first.bodies("playout") if report.is_finished]
            assert [report.utterance_id for report in finished] == ["u1"]
            assert [close.moves for close in first.bodies("close")] == [True]
            second = (await wait_until(lambda: gateway.runtime.calls[1:]))[0]
            assert second.open.context.session_id == first.open.context.session_id
            assert second.open.HasField("resume")
            assert len(call.streams) == 2
            assert not gateway.events_of("call.ended")
            await call.hang_up()
            ended = await wait_until(lambda: gateway.events_of("call.ended"))
            assert ended[0].reason == "caller_hung_up"


async def test_browsers_are_told_when_the_gateway_closes(start_gateway: Any, wait_until: Any) -> None:
    async with start_gateway() as gateway:
        socket = await connect(f"{gateway.ws}/ws/voice?api_key={gateway.api_key}")
        assert json.loads(await socket.recv())["type"] == "connected"
        runtime_call = gateway.runtime.calls[0]
    await socket.wait_closed()
    assert socket.close_code == 1012
    assert runtime_call.bodies("close")[0].reason == "shutdown"


async def test_a_status_callback_closes_a_call_that_no_gateway_holds(gateway: Any, wait_until: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("media_gateway.calls.announced._OTHER_GATEWAY_GRACE_S", 0.05)
    form = {"CallSid": "CA-gone", "From": CALLER, "To": NUMBER}
    async with httpx2.AsyncClient() as client:
        over = {"CallStatus": "completed"}
        for path, more in (("/api/twilio/voice", {}), ("/api/twilio/status", over), ("/api/twilio/status", over)):
            url, fields = gateway.http + path, {**form, **more}
            answer = await client.post(url, data=fields, headers={"X-Twilio-Signature": twilio_signature(TOKEN, url, fields)})
            assert answer.status_code in (200, 204)
        forged = await client.post(f"{gateway.http}/api/twilio/status", data={**form, "CallStatus": "completed"})
        assert forged.status_code == 403
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert [event.reason for event in ended] == ["caller_hung_up"]


async def test_a_socket_that_never_comes_back_closes_its_call(gateway: Any, wait_until: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("media_gateway.calls.outcome.TAKEOVER_GRACE_S", 0.2)
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        await wait_until(lambda: gateway.runtime.calls)
        monkeypatch.setattr(twilio, "fetch", _fail)
        call.drop_socket()
        ended = await wait_until(lambda: gateway.events_of("call.ended"))
        assert ended[0].reason == "carrier_failed"


async def _fail(*_: Any) -> str:
    raise FetchFailed("nobody answers")


async def test_a_carrier_that_cannot_keep_a_socket_is_given_up(gateway: Any, wait_until: Any) -> None:
    form = {"CallSid": "CA-loop", "From": CALLER, "To": NUMBER}
    async with httpx2.AsyncClient() as client:

        async def post(url: str) -> str:
            return (await client.post(url, data=form, headers={"X-Twilio-Signature": twilio_signature(TOKEN, url, form)})).text

        document = await post(f"{gateway.http}/api/twilio/voice")
        fetched = 0
        while (found := re.search(r"<Redirect[^>]*>([^<]+)<", document)) is not None and fetched < 20:
            document, fetched = await post(found.group(1)), fetched + 1
        assert 5 <= fetched <= 11
        assert "<Say>" in document
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert ended[0].reason == "carrier_failed"
