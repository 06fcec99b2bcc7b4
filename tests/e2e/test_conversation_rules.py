"""Proves A2 (idle_timeout_s, max_duration_s, interruption_sensitivity), B1, B2, X1, X3, W3, W4 on the real stack: calls wait, end, hand over."""

from typing import Any

import httpx2
from callstage_kit.tasks import all_of
from callstage_phone.call import CarrierCall
from callstage_testing.fakes.crm import CrmAnswer, FakeCrm
from callstage_testing.fakes.faults import Fault
from callstage_testing.servers import free_port
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import browser_call, eventually, has_ended, hears, make_agent, make_number, record_of, said_by, until_live

LONG_GREETING = "Hello, this is the town library, we are open every day from nine in the morning until eight in the evening. How can I help you?"


async def _reason(api: httpx2.AsyncClient, call_id: str) -> str:
    async def look() -> str | None:
        detail = (await api.get(f"/v1/calls/{call_id}")).json()
        return detail.get("call", detail).get("ended_reason")

    return await eventually(look, what="the end of the call in the records")


async def _with_number(stack: Stack, api: httpx2.AsyncClient, agent_id: str, number: dict[str, str] | None = None, **fields: Any) -> str:
    """An agent's number, live. The number comes first, so that it is known once the deployment is."""
    agent = await make_agent(api, agent_id, deploy=False, **fields)
    made = await make_number(api, agent, **(number or {}))
    await make_agent(api, agent, **fields)
    await until_live(stack, agent)
    return made


async def _greeted(call: CarrierCall) -> None:
    await call.wait_for_agent_speech(10)
    await call.wait_for_agent_silence(600, 20)


async def test_a_silent_caller_is_asked_once_and_a_long_call_ends(stack: Stack, api: httpx2.AsyncClient) -> None:
    idle = await make_agent(api, "rules-idle", greeting="Hi.", idle_timeout_s=2)
    short = await make_agent(api, "rules-short", greeting="Hi.", idle_timeout_s=60, max_duration_s=5)
    await until_live(stack, short)

    async def ends(agent: str, words: list[str], reason: str) -> None:
        async with browser_call(stack, agent) as browser:
            call_id = (await browser.wait_for("connected", 20)).data["callId"]
            assert await browser.wait_closed(25) == 1000
            assert browser.transcripts("assistant") == words
        assert await _reason(api, call_id) == reason

    farewell = ["Thank you for your call.", "Goodbye."]
    await all_of(
        ends(idle, ["Hi.", "Are you still there?", *farewell], "idle_timeout"),
        ends(short, ["Hi.", *farewell], "max_duration"),
    )


async def test_a_caller_who_speaks_on_after_the_goodbye_stays(stack: Stack, api: httpx2.AsyncClient) -> None:
    prompt = "We are open from nine to eight."
    number = await _with_number(stack, api, "rules-goodbye", greeting="Hi.", tools=["end_call"], system_prompt=prompt)
    async with stack.twilio() as twilio, twilio.call(from_="+12025550171", to=number) as call:
        await _greeted(call)
        said = await call.say(speech("thats_all"))
        await call.wait_for_agent_speech(15, after=said.speech_ended_at)
        await call.wait_for_agent_silence(500, 20)
        said = await call.say(speech("opening_hours"))
        await call.wait_for_agent_speech(15, after=said.speech_ended_at)
        await call.wait_for_agent_silence(2500, 20)
        assert call.is_streaming, "the hang-up was not cancelled"
        await call.hang_up()
        record = await record_of(api, call.call_id, until=has_ended)
    assert record["ended_reason"] == "caller_hung_up"
    assert "opening hours" in said_by(record, "user").lower()


async def test_keys_are_a_turn(stack: Stack, api: httpx2.AsyncClient) -> None:
    number = await _with_number(stack, api, "rules-keys", greeting="Hi.")
    async with stack.twilio() as twilio, twilio.call(from_="+12025550172", to=number) as call:
        await _greeted(call)
        pressed_at = call.room.now
        await call.dtmf("451#")
        await call.wait_for_agent_speech(10, after=pressed_at)
        await call.hang_up()
        record = await record_of(api, call.call_id, until=has_ended)
    assert said_by(record, "user") == "[keypad: 451]"


async def test_an_agent_that_cannot_be_interrupted_answers_afterwards(stack: Stack, api: httpx2.AsyncClient) -> None:
    number = await _with_number(stack, api, "rules-patient", greeting=LONG_GREETING, interruption_sensitivity=0)
    async with stack.twilio() as twilio, twilio.call(from_="+12025550173", to=number) as call:
        await call.wait_for_agent_speech(10)
        await call.say(speech("wait_stop"))
        await call.wait_for_agent_silence(2500, 30)
        assert call.cleared == []
        await call.hang_up()
        record = await record_of(api, call.call_id, until=has_ended)
    roles = [turn["role"] for turn in record["transcript"]]
    assert roles[:2] == ["assistant", "user"]
    assert record["transcript"][0]["text"] == LONG_GREETING
    assert "question" in said_by(record, "user")
    assert roles.count("assistant") >= 2, "what was said over the agent was not answered"


async def test_a_slow_tool_is_bridged_once_and_a_dead_one_apologised_for(stack: Stack, api: httpx2.AsyncClient) -> None:
    prompt = "Create a lead for every caller."
    async with FakeCrm() as crm:
        crm.on("create_lead", CrmAnswer(body={"status": "created", "message": "I have noted you down."}))
        crm.fail("create_lead", Fault(delay_s=3))
        tools = ["create_lead"]
        slow = await make_agent(api, "rules-slow", greeting="Hi.", tools=tools, tools_webhook_url=crm.url, system_prompt=prompt)
        dead_url = f"http://127.0.0.1:{free_port()}/webhooks"
        dead = await make_agent(api, "rules-dead", greeting="Hi.", tools=tools, tools_webhook_url=dead_url, system_prompt=prompt)
        await until_live(stack, dead)

        async def hears_of(agent: str, words: str) -> list[str]:
            async with browser_call(stack, agent) as browser:
                await hears(browser, "Hi.")
                for text in ("Please create a lead for me", "Ada", "+12025550188"):
                    await browser.wait_for_agent_silence(400, 15)
                    browser.send_text(text)
                    await browser.wait_for_agent_speech(10, after=browser.room.now)
                await hears(browser, words)
                return browser.transcripts("assistant")

        bridged, apologised = await all_of(hears_of(slow, "noted you down"), hears_of(dead, "trouble processing that right now"))
        assert bridged.count("Let me check that for you.") == 1
        assert bridged.index("Let me check that for you.") < bridged.index("I have noted you down.")
        assert "I'm having trouble processing that right now." in apologised
        assert len(crm.deliveries("create_lead")) == 1


async def test_a_caller_who_asks_for_a_person_is_connected(stack: Stack, api: httpx2.AsyncClient) -> None:
    target = {"aiTransferType": "external", "aiTransferTarget": "+12025550199"}
    number = await _with_number(stack, api, "rules-transfer", target, greeting="Hi.", tools=["transfer_to_human"])
    alone = await _with_number(stack, api, "rules-alone", greeting="Hi.", tools=["transfer_to_human"])
    async with stack.twilio() as twilio:

        async def asks(to: str, from_: str) -> CarrierCall:
            call = twilio.dial(from_=from_, to=to)
            await _greeted(call)
            said = await call.say(speech("speak_human"))
            await call.wait_for_agent_speech(15, after=said.speech_ended_at)
            await call.wait_ended(20)
            return call

        connected, refused = await all_of(asks(number, "+12025550174"), asks(alone, "+12025550175"))
    assert "+12025550199" in connected.documents[-1]
    assert any(verb.name == "Dial" for verb in connected.verbs)
    assert refused.said_by_carrier
    assert not any(verb.name == "Dial" for verb in refused.verbs)
    assert (await record_of(api, connected.call_id, until=has_ended))["ended_reason"] == "transferred"
