"""Proves A2 (llm) on Gemini's REST wire through the real SDK: history, function calls, thought signatures, hanging up."""

import asyncio
import base64
import gc
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import LlmDone, LlmRequest, Message, TextDelta, ToolCallRequest, ToolSpec
from agent_runtime.providers.vendors.gemini.llm import GeminiLlm
from callstage_testing.fakes.gemini import FakeGemini

SECRET = "gm-test"
ASK = LlmRequest("You are Bella.", (Message("user", "Hello"),))


@pytest.fixture
async def fake() -> AsyncIterator[FakeGemini]:
    async with FakeGemini() as server:
        yield server


@pytest.fixture
async def llm(fake: FakeGemini) -> AsyncIterator[GeminiLlm]:
    pool = HttpPool(Deadlines(2.0, 2.0, 1.5), 10)
    made = GeminiLlm(SECRET, fake.base_url, "gemini-3.5-flash", pool)
    made.warm()
    yield made
    await pool.close()


async def test_text_streams_with_usage(fake: FakeGemini, llm: GeminiLlm) -> None:
    events = [event async for event in llm.stream(ASK)]
    assert events == [TextDelta("Good "), TextDelta("morning."), LlmDone("stop", 9, 4)]
    assert fake.requests[-1].headers["x-goog-api-key"] == SECRET
    assert fake.requests[-1].path.endswith("/models/gemini-3.5-flash:streamGenerateContent")


async def test_a_function_call_keeps_its_thought_signature_over_the_history(fake: FakeGemini, llm: GeminiLlm) -> None:
    signature = base64.b64encode(b"state-of-mind").decode()
    fake.parts = [
        {"text": "thinking", "thought": True},
        {"functionCall": {"name": "price", "args": {"size": "large"}}, "thoughtSignature": signature},
        {"functionCall": {"name": "price", "args": {"size": "small"}}},
    ]
    tools = (ToolSpec("price", "Price it.", {"type": "object", "properties": {"size": {"type": "string"}}}),)
    events = [event async for event in llm.stream(LlmRequest("", ASK.messages, tools))]
    calls = [event for event in events if isinstance(event, ToolCallRequest)]
    assert [json.loads(call.arguments_json) for call in calls] == [{"size": "large"}, {"size": "small"}]
    assert [call.vendor_state for call in calls] == [b"state-of-mind", None]
    assert len({call.id for call in calls}) == 2
    assert events[-1] == LlmDone("tool_calls", 9, 4)
    results = tuple(
        Message("tool", content, tool_call_id=call.id, tool_name="price") for call, content in zip(calls, ('{"total": 13}', "8"), strict=True)
    )
    history = (*ASK.messages, Message("assistant", "One moment.", tuple(calls)), *results)
    _ = [event async for event in llm.stream(LlmRequest("Be brief.", history, tools, max_tokens=77))]
    body = fake.requests[-1].json
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]
    assert base64.urlsafe_b64decode(body["contents"][1]["parts"][1]["thoughtSignature"]) == b"state-of-mind"
    assert [part["functionResponse"]["response"] for part in body["contents"][2]["parts"]] == [{"total": 13}, {"output": 8}]
    assert body["systemInstruction"]["parts"][0]["text"] == "Be brief."
    assert body["generationConfig"]["maxOutputTokens"] == 77


async def test_a_greeting_needs_no_user_message(fake: FakeGemini, llm: GeminiLlm) -> None:
    _ = [event async for event in llm.stream(LlmRequest("Greet.", ()))]
    assert fake.requests[-1].json["contents"][0]["role"] == "user"


async def test_closing_hangs_up_without_the_garbage_collector(fake: FakeGemini, llm: GeminiLlm) -> None:
    fake.pause_s = 60.0
    gc.disable()
    try:
        async with aclosing(llm.stream(ASK)) as events:
            assert await anext(events) == TextDelta("Good ")
        async with asyncio.timeout(20):
            while fake.requests[-1].outcome == "open":
                await asyncio.sleep(0.005)
    finally:
        gc.enable()
    assert fake.requests[-1].outcome == "client_gone"
