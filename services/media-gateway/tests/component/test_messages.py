"""Proves N5 X2 K1: a number's voicemail takes a message without an agent: greeting, tone, recording, an end by key, by silence or by hanging up."""

import asyncio
from typing import Any

import httpx2
import pytest
from callstage_contracts import buckets
from callstage_contracts.events import RecordingReady, VoicemailLeft
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.ids import TenantId
from callstage_domain.route import Fallback, NumberRoute
from callstage_kit.recordings.chunks import open_chunk
from callstage_kit.recordings.store import NatsStore
from callstage_phone.carrier import CarrierSettings
from callstage_phone.telnyx import TelnyxCaller
from callstage_phone.twilio import TwilioCaller, twilio_signature
from media_gateway.calls.message import FIRST_WORDS_MS, MAX_MS, SILENCE_MS, Pause

TOKEN = "twilio-auth-token"
CALLER = "+32470123456"


def test_silence_and_length_end_a_message() -> None:
    silent, spoken = Pause(1000.0), Pause(1000.0)
    spoken.hears(-20, 3000)
    spoken.hears(-60, 7000)
    assert not silent.is_over(1000 + FIRST_WORDS_MS - 1)
    assert silent.is_over(1000 + FIRST_WORDS_MS)
    assert not spoken.is_over(3000 + SILENCE_MS - 1)
    assert spoken.is_over(3000 + SILENCE_MS)
    assert (silent.has_voice, spoken.has_voice) == (False, True)
    spoken.hears(-20, MAX_MS)
    assert not spoken.is_over(MAX_MS)
    assert spoken.is_over(1000 + MAX_MS)


async def _number(gateway: Any, number: str, **fields: Any) -> None:
    route = NumberRoute.model_validate({"tenant_id": TenantId(gateway.tenant_id), "number": number, **fields})
    await gateway.put(buckets.ROUTES, buckets.route_key(number), route)
    form = {"CallSid": f"CA-probe-{gateway.tenant_id}", "From": CALLER, "To": number}
    headers = {"X-Twilio-Signature": twilio_signature(TOKEN, f"{gateway.http}/api/twilio/voice", form)}
    # The gateway hears of a new number a moment later.
    async with asyncio.timeout(15), httpx2.AsyncClient() as client:
        while "<Connect" not in (await client.post(f"{gateway.http}/api/twilio/voice", data=form, headers=headers)).text:
            await asyncio.sleep(0.02)


def _twilio(gateway: Any) -> TwilioCaller:
    return TwilioCaller(CarrierSettings(f"{gateway.http}/api/twilio/voice"), auth_token=TOKEN)


async def _sound_of(gateway: Any, ready: RecordingReady) -> int:
    """The loudest peak of a part."""
    store, loudest = NatsStore(gateway.nats), 0
    for name in await store.names(f"{ready.tenant_id}.{ready.call_id}.{ready.part}"):
        chunk = open_chunk(gateway.settings.secret_box, name, await store.get(name) or b"")
        loudest = max(loudest, *chunk.peaks)
    return loudest


@pytest.mark.parametrize("ends_by", ["key", "hang_up"])
async def test_a_number_with_a_voicemail_as_fallback(gateway: Any, wait_until: Any, speech: bytes, ends_by: str) -> None:
    number = "+14155550171"
    await _number(gateway, number, route_target="never-deployed", fallback=Fallback(type="voicemail", target="We are on holiday."))
    async with _twilio(gateway) as twilio, twilio.call(from_=CALLER, to=number) as call:
        await call.wait_for_agent_speech(5)
        await call.wait_for_agent_silence(400, 5)
        assert call.said_by_carrier == ["We are on holiday."]
        assert gateway.runtime.calls == []
        await call.say(speech)
        if ends_by == "key":
            await call.dtmf("1#")
            await call.wait_ended(10)
            assert "<Hangup/>" in call.documents[-1]
        else:
            await call.hang_up()
        assert not call.problems
    [left] = await wait_until(lambda: gateway.events_of("voicemail.new"))
    [ready] = await wait_until(lambda: gateway.events_of("recording.ready"))
    [rejected] = [event for event in gateway.events_of("call.rejected") if event.carrier_call_id == call.call_id]
    assert isinstance(left, VoicemailLeft)
    assert (left.caller_phone, left.to_number, left.call_id, left.agent_id) == (CALLER, number, rejected.call_id, "never-deployed")
    assert (ready.kind, ready.part, ready.call_id) == ("voicemail", left.voicemail_id, left.call_id)
    assert abs(ready.frames * 72 - left.duration_ms) < 300
    assert await _sound_of(gateway, ready) > 20


async def test_a_number_that_is_a_voicemail_on_the_other_carrier(gateway: Any, wait_until: Any, telnyx_private_key: str, speech: bytes) -> None:
    number = "+14155550172"
    await _number(gateway, number, inbound_route="voicemail")
    telnyx = TelnyxCaller(CarrierSettings(f"{gateway.http}/incoming/telnyx"), private_key=telnyx_private_key)
    async with telnyx, telnyx.call(from_=CALLER, to=number) as call:
        await call.wait_for_agent_speech(5)
        await call.wait_for_agent_silence(400, 5)
        assert "leave a message after the tone" in call.said_by_carrier[0]
        await call.say(speech)
        await call.dtmf("#")
        await call.wait_ended(10)
    [left] = await wait_until(lambda: gateway.events_of("voicemail.new"))
    assert left.text == ""


async def test_an_agent_that_breaks_off_leaves_the_caller_to_the_voicemail(gateway: Any, wait_until: Any, speech: bytes) -> None:
    number = "+14155550173"
    await _number(gateway, number, route_target="front-desk", fallback=Fallback(type="voicemail"))
    async with _twilio(gateway) as twilio, twilio.call(from_=CALLER, to=number) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.down(hang_up=pb.HangUp(reason="provider_failed"))
        await call.wait_for_agent_speech(5)
        await call.wait_for_agent_silence(400, 5)
        await call.say(speech)
        await call.dtmf("#")
        await call.wait_ended(10)
        assert "<Hangup/>" in call.documents[-1]
    [left] = await wait_until(lambda: gateway.events_of("voicemail.new"))
    assert [left.call_id] == [event.call_id for event in gateway.events_of("call.started") if event.carrier_call_id == call.call_id]
