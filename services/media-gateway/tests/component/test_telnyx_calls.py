"""Proves C2 C7 C8 with a simulated Telnyx: codecs per leg, frames out of order, sockets that drop before start, signatures."""

import asyncio
import time
from typing import Any

import httpx2
import pytest
from callstage_phone.carrier import CarrierSettings
from callstage_phone.codec import PCMA, PCMU, Codec, l16
from callstage_phone.telnyx import TelnyxCaller

CALLER, NUMBER = "+32470123456", "+14155550100"


def carrier(gateway: Any, key: str, **more: Any) -> TelnyxCaller:
    return TelnyxCaller(CarrierSettings(f"{gateway.http}/incoming/telnyx"), private_key=key, **more)


@pytest.mark.parametrize(("codec", "pinned"), [(PCMU, "PCMU"), (PCMA, "PCMU"), (PCMA, "PCMA"), (l16(16_000), "L16"), (PCMU, "L16")])
async def test_a_call_in_every_codec(start_gateway: Any, wait_until: Any, telnyx_private_key: str, speech: bytes, codec: Codec, pinned: str) -> None:
    async with start_gateway(telnyx_codec=pinned) as gateway, carrier(gateway, telnyx_private_key) as telnyx:
        async with telnyx.call(from_=CALLER, to=NUMBER, codec=codec) as call:
            runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
            assert runtime_call.open.context.channel == "telnyx"
            runtime_call.speak("u1", 0.6)
            await call.wait_for_agent_speech(3)
            await wait_until(lambda: [report for report in runtime_call.bodies("playout") if report.is_finished])
            await call.say(speech)
            await wait_until(lambda: runtime_call.bodies("speech_stopped"))
            assert len(runtime_call.bodies("speech_started")) == len(runtime_call.bodies("speech_stopped"))
            assert not call.problems


async def test_shuffled_frames_and_an_early_drop_do_no_harm(gateway: Any, wait_until: Any, telnyx_private_key: str, speech: bytes) -> None:
    async with carrier(gateway, telnyx_private_key, shuffle=4, early_drop=True) as telnyx, telnyx.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        await call.say(speech)
        await wait_until(lambda: runtime_call.bodies("speech_stopped"))
        assert len(gateway.events_of("call.answered")) == 1
        assert not gateway.events_of("call.ended")
    await wait_until(lambda: gateway.events_of("call.ended"))


async def test_forged_and_old_requests_are_refused(gateway: Any, telnyx_private_key: str) -> None:
    form = {"CallSid": "v3:1", "From": CALLER, "To": NUMBER}
    other_key = TelnyxCaller.new_private_key()
    async with httpx2.AsyncClient() as client:
        for key, skew_s in ((other_key, 0.0), (telnyx_private_key, -400.0), (telnyx_private_key, 400.0)):
            caller = carrier(gateway, key, clock_skew_s=skew_s)
            body = httpx2.Request("POST", gateway.http, data=form).read()
            headers = {"Content-Type": "application/x-www-form-urlencoded", **caller.webhook_headers("", form, body)}
            answer = await client.post(f"{gateway.http}/incoming/telnyx", content=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "invalid_signature")
        assert (await client.get(f"{gateway.http}/incoming/telnyx")).status_code == 405
        assert (await client.post(f"{gateway.http}/incoming/telnyx", data=form)).status_code == 403
    assert not gateway.runtime.calls


async def test_barge_in_within_the_budget(gateway: Any, wait_until: Any, telnyx_private_key: str, speech: bytes) -> None:
    async with carrier(gateway, telnyx_private_key) as telnyx, telnyx.call(from_=CALLER, to=NUMBER, codec=PCMA) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.speak("u1", 8)
        await call.wait_for_agent_speech(3)
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await call.say(speech)
        interrupted = await wait_until(lambda: runtime_call.bodies("interrupted"))
        assert call.cleared
        assert interrupted[0].heard_ms < (time.monotonic() - began + 1) * 1000
