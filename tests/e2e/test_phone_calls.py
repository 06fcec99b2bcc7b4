"""Proves C1, C2, C3, C8, S1, S2, T1, T2, B2, K3, K5 on the real stack.

A caller orders by voice, is understood, moves through two stages, a tool runs.
"""

import httpx2
import pytest
from callstage_phone.call import CarrierCall
from callstage_phone.codec import PCMA, PCMU, Codec
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import has_ended, record_of, said_by


async def _order(call: CarrierCall) -> None:
    """The demo order: three large pizzas for Anna."""
    await call.wait_for_agent_speech(10)
    await call.wait_for_agent_silence(600, 20)
    for phrase in ("order_three_pizzas", "my_name_is_anna", "thats_all"):
        said = await call.say(speech(phrase))
        await call.wait_for_agent_speech(15, after=said.speech_ended_at)
        if phrase != "thats_all":
            await call.wait_for_agent_silence(700, 25)
    await call.wait_ended(25)


def _check(record: dict[str, object], call: CarrierCall) -> None:
    assert call.ended_by == "server"
    assert call.problems == []
    assert record["ended_reason"] == "agent_ended"
    assert [stage["stage"] for stage in record["stages"]][:2] == ["order", "checkout"]  # type: ignore[index]
    runs = {run["tool"]: run for run in record["tool_runs"]}  # type: ignore[index]
    assert runs["price_order"]["status"] == "ok"
    assert runs["price_order"]["result"]["total"] == 39
    assert runs["place_order"]["arguments"]["customer_name"].lower().startswith("anna")
    assert "pizza" in said_by(record, "user").lower()
    assert "39" in said_by(record, "assistant") or "thirty" in said_by(record, "assistant").lower()
    answers = [turn for turn in record["transcript"] if turn["role"] == "assistant" and turn["latency"]]  # type: ignore[index]
    assert any(turn["latency"]["response_ms"] for turn in answers)


async def test_a_twilio_caller_orders_pizza(stack: Stack, api: httpx2.AsyncClient) -> None:
    async with stack.twilio() as twilio, twilio.call(from_="+12025550147", to=stack.dev["number"]) as call:
        await _order(call)
        _check(await record_of(api, call.call_id, until=has_ended), call)
        assert call.underruns == []


@pytest.mark.parametrize("codec", [PCMU, PCMA], ids=["pcmu", "pcma"])
async def test_a_telnyx_caller_orders_pizza(stack: Stack, api: httpx2.AsyncClient, codec: Codec) -> None:
    async with stack.telnyx() as telnyx, telnyx.call(from_="+32470123456", to=stack.dev["number"], codec=codec) as call:
        await _order(call)
        _check(await record_of(api, call.call_id, until=has_ended), call)


async def test_barge_in_silences_the_agent_and_history_is_what_was_heard(stack: Stack, api: httpx2.AsyncClient) -> None:
    async with stack.twilio() as twilio, twilio.call(from_="+12025550148", to=stack.dev["number"]) as call:
        started = await call.wait_for_agent_speech(10)
        # Late enough that a few words were heard, early enough that most were not.
        await call.room.until(lambda: call.heard[-1].seconds > 1.0, 5)
        said = await call.say(speech("wait_stop"))
        assert call.cleared, "the gateway did not send `clear`"
        assert started < call.cleared[0] < said.speech_started_at + 1.0
        await call.wait_for_agent_silence(300, 10)
        await call.hang_up()
        # The end is told by the gateway, the turns by the runtime: they may arrive in any order.
        record = await record_of(api, call.call_id, until=lambda record: has_ended(record) and bool(said_by(record, "assistant")))
    greeting = next(turn for turn in record["transcript"] if turn["role"] == "assistant")
    assert greeting["interrupted"]
    assert greeting["text"] != "Hello, this is Bella Pizza. What would you like to order?"
    assert record["ended_reason"] == "caller_hung_up"
