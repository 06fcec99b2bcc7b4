"""Proves N4 N5 AC4: calls without Redis, past the limit of the process or the plan, and with a runtime that does not answer."""

import asyncio
from typing import Any

import pytest
from callstage_contracts import buckets
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_phone.browser import BrowserCaller
from callstage_phone.carrier import CarrierSettings
from callstage_phone.twilio import TwilioCaller

TOKEN = "twilio-auth-token"
CALLER, NUMBER = "+32470123456", "+14155550100"


def carrier(gateway: Any) -> TwilioCaller:
    return TwilioCaller(CarrierSettings(f"{gateway.http}/api/twilio/voice"), auth_token=TOKEN)


async def test_without_redis_calls_are_answered_and_end_properly(start_gateway: Any, wait_until: Any) -> None:
    async with start_gateway(redis_url="redis://127.0.0.1:1/0") as gateway, carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.speak("u1", 0.3)
        await call.wait_for_agent_speech(3)
        runtime_call.down(hang_up=pb.HangUp(reason="agent_ended"))
        await call.wait_ended(5)
        assert "<Hangup/>" in call.documents[-1]
        ended = await wait_until(lambda: gateway.events_of("call.ended"))
        assert ended[0].reason == "agent_ended"


async def test_a_full_process_gives_the_fallback_at_once(start_gateway: Any, wait_until: Any) -> None:
    async with start_gateway(max_calls=1) as gateway, carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER):
        await wait_until(lambda: gateway.runtime.calls)
        async with twilio.call(from_=CALLER, to=NUMBER) as second:
            await second.wait_ended(5)
            assert second.said_by_carrier
        async with BrowserCaller(f"{gateway.ws}/ws/voice", {"api_key": gateway.api_key}) as browser:
            assert await browser.wait_closed(3) == 1013
        rejected = await wait_until(lambda: len(gateway.events_of("call.rejected")) == 2 and gateway.events_of("call.rejected"))
        assert {event.reason for event in rejected} == {"overload"}


async def test_a_plan_limits_concurrent_calls(gateway: Any, wait_until: Any) -> None:
    tenant = buckets.TenantRecord(tenant_id=gateway.tenant_id, name="Demo", plan=buckets.PlanLimits(concurrent_calls=0))
    await gateway.put(buckets.TENANTS, gateway.tenant_id, tenant)
    code: int | None = None
    async with asyncio.timeout(10):
        # The plan reaches the gateway in its own time; until then it takes calls.
        while code != 4029:
            async with BrowserCaller(f"{gateway.ws}/ws/voice", {"api_key": gateway.api_key}) as browser:
                try:
                    code = await browser.wait_closed(0.3)
                except TimeoutError:
                    continue
    assert (await wait_until(lambda: gateway.events_of("call.rejected")))[-1].reason == "plan_limit"


async def test_a_runtime_that_never_opens_the_call_is_replaced_by_the_fallback(
    gateway: Any, wait_until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_gateway.calls.placement.OPENED_TIMEOUT_MS", 300)
    monkeypatch.setattr(gateway.runtime, "_answer", lambda _: None)
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        await call.wait_ended(5)
        assert call.said_by_carrier
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert ended[0].reason == "runtime_lost"
