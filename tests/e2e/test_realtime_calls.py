"""Proves A2 S1 S2 T1 B2 K3 K5 on the real stack: a phone call on a speech-to-speech model, with a stage, a tool, a barge-in and an end."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from callstage_testing.fakes.gemini_live import FakeGeminiLive
from callstage_testing.fakes.openai_chunks import Reply, ToolCall
from callstage_testing.fakes.openai_realtime import FakeOpenAIRealtime
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import has_ended, make_agent, make_number, record_of, said_by, until_live

PRICE = "That makes 39 dollars. It will be with you in half an hour, if the traffic is kind to us this evening. Anything else?"
AGENT: dict[str, Any] = {
    "greeting": "Hello, this is Bella Pizza.",
    "stages": [
        {
            "name": "order",
            "prompt": "Take the order.",
            "tools": ["price", "end_call"],
            "transitions": [{"on_tool": "price", "to_stage": "payment", "handover_message": "Total: {total}."}],
        },
        {"name": "payment", "prompt": "Take the payment.", "tools": ["end_call"]},
    ],
    "tool_definitions": [
        {
            "name": "price",
            "kind": "code",
            "code": "return {'total': 13 * args['count']}",
            "parameters": {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]},
        }
    ],
}


def _brain(seen: list[dict[str, Any]]) -> Callable[[dict[str, Any]], Reply]:
    """By what was said last: a phrase may be heard in two pieces, and a model that answers early is then asked twice."""

    def answer(context: dict[str, Any]) -> Reply:
        seen.append({**context, "messages": [dict(message) for message in context["messages"]]})
        last = context["messages"][-1]
        if last["role"] == "tool":
            return Reply(PRICE)
        if "pizzas" in last["content"]:
            return Reply("", (ToolCall("price", {"count": 3}),))
        if "all" in last["content"]:
            return Reply("Goodbye!", (ToolCall("end_call", {"reason": "caller_goodbye"}),))
        return Reply("All right.")

    return answer


@asynccontextmanager
async def _vendor(api: httpx2.AsyncClient, vendor: str, seen: list[dict[str, Any]]) -> AsyncGenerator[FakeOpenAIRealtime | FakeGeminiLive]:
    """The tenant has a key of his own, and an address inside that this stack's egress rules allow."""
    fakes = {
        "openai": FakeOpenAIRealtime(_brain(seen), api_key="k", speed=4.0),
        "gemini": FakeGeminiLive(_brain(seen), api_key="k", speed=4.0),
    }
    async with fakes[vendor] as fake:
        put = await api.put(f"/v1/providers/{vendor}", json={"api_key": "k", "base_url": fake.url})
        assert put.status_code < 300, put.text
        try:
            yield fake
        finally:
            await api.delete(f"/v1/providers/{vendor}")


@pytest.mark.parametrize("vendor", ["openai", "gemini"])
async def test_an_order_by_phone(stack: Stack, api: httpx2.AsyncClient, vendor: str) -> None:
    seen: list[dict[str, Any]] = []
    async with _vendor(api, vendor, seen) as fake:
        agent = await make_agent(api, f"realtime-{vendor}", realtime={"provider": vendor}, tts={"provider": "espeak"}, **AGENT)
        number = await make_number(api, agent)
        await until_live(stack, agent)
        async with stack.twilio() as twilio, twilio.call(from_="+12025550191", to=number) as call:
            await call.wait_for_agent_speech(10)
            await call.wait_for_agent_silence(600, 20)
            fake.transcripts = ["Three pizzas please."]
            said = await call.say(speech("order_three_pizzas"))
            await call.wait_for_agent_speech(15, after=said.speech_ended_at)
            heard_s = call.heard[-1].seconds
            await call.room.until(lambda: call.heard[-1].seconds > heard_s + 1.5, 10)
            fake.transcripts = ["Wait, stop."]
            said = await call.say(speech("wait_stop"))
            assert call.cleared, "the gateway did not send `clear`"
            await call.wait_for_agent_speech(15, after=said.speech_ended_at)
            await call.wait_for_agent_silence(600, 20)
            fake.transcripts = ["That's all."]
            await call.say(speech("thats_all"))
            await call.wait_ended(25)
            record = await record_of(api, call.call_id, until=lambda found: has_ended(found) and "Goodbye" in said_by(found, "assistant"))
    assert record["ended_reason"] == "agent_ended"
    assert [stage["stage"] for stage in record["stages"]] == ["order", "payment"]
    # A goodbye in two pieces may end the call twice; nothing is bought twice.
    runs = [(run["tool"], run["status"]) for run in record["tool_runs"]]
    assert runs[0] == ("price", "ok")
    assert set(runs[1:]) == {("end_call", "ok")}
    assert all(words in said_by(record, "user") for words in ("Three pizzas please.", "Wait, stop.", "That's all."))
    cut = next(turn for turn in record["transcript"] if turn["text"].startswith("That makes"))
    assert cut["interrupted"]
    assert "Anything else" not in cut["text"]
    assert any(turn["latency"] and turn["latency"]["response_ms"] for turn in record["transcript"] if turn["role"] == "assistant")
    priced = next(context for context in seen if context["messages"][-1]["role"] == "tool")
    assert "Total: 39." in priced["instructions"]
    assert priced["tools"] == ["end_call"]
    if vendor == "openai":
        assert any(moment.name.startswith("truncated") for exchange in fake.requests for moment in exchange.moments)
