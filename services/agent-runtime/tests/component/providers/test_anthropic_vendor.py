"""Proves A2 (llm) on Anthropic's Messages wire: streaming, tool input fragments, history, usage, deadlines, failures, cancellation."""

import json
from collections.abc import AsyncIterator

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import LlmDone, LlmRequest, Message, TextDelta, ToolCallRequest, ToolSpec
from agent_runtime.providers.vendors.anthropic.llm import AnthropicLlm
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.anthropic import FakeAnthropic
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.openai_chunks import Reply, ToolCall

SECRET = "sk-ant-test"
ASK = LlmRequest("You are Bella.", (Message("user", "Hello"),))
PRICE = ToolSpec("price", "Price it.", {"properties": {"size": {"type": "string"}}})


@pytest.fixture
async def fake() -> AsyncIterator[FakeAnthropic]:
    async with FakeAnthropic(api_key=SECRET) as server:
        yield server


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    made = HttpPool(Deadlines(connect_s=2.0, first_byte_s=2.0, gap_s=1.5), 10)
    yield made
    await made.close()


@pytest.fixture
def llm(fake: FakeAnthropic, pool: HttpPool) -> AnthropicLlm:
    return AnthropicLlm(SECRET, fake.url, "claude-haiku-5-5", pool)


def said(events: list[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_text_streams_and_ends_with_usage(fake: FakeAnthropic, llm: AnthropicLlm) -> None:
    fake.cached_tokens = 900
    fake.reply = lambda _: Reply(text="Good morning.\u2028How can I help? ¿Qué tal?")
    events: list[object] = [event async for event in llm.stream(ASK)]
    assert said(events) == "Good morning.\u2028How can I help? ¿Qué tal?"
    assert len(events) > 4
    done = events[-1]
    assert isinstance(done, LlmDone)
    assert done.finish_reason == "stop"
    assert done.input_tokens > 900, "what came out of the vendor's cache was read, too"
    assert done.output_tokens > 0
    body = fake.requests[-1].json
    assert body["system"][0]["text"] == "You are Bella."
    assert body["thinking"] == {"type": "disabled"}
    assert (body["model"], body["max_tokens"]) == ("claude-haiku-5-5", 1024)
    assert "temperature" not in body
    assert "tools" not in body


async def test_tool_input_is_put_together_by_block(fake: FakeAnthropic, llm: AnthropicLlm) -> None:
    fake.reply = lambda _: Reply(
        text="One moment.", tool_calls=(ToolCall("price", {"size": "large", "note": "no onions"}, "a"), ToolCall("price", {}, "b"))
    )
    events: list[object] = [event async for event in llm.stream(LlmRequest("", ASK.messages, (PRICE,)))]
    calls = [event for event in events if isinstance(event, ToolCallRequest)]
    assert [(call.id, call.name, json.loads(call.arguments_json)) for call in calls] == [
        ("a", "price", {"size": "large", "note": "no onions"}),
        ("b", "price", {}),
    ]
    assert said(events) == "One moment."
    assert isinstance(events[-1], LlmDone)
    assert events[-1].finish_reason == "tool_calls"


async def test_a_history_with_tools_of_another_vendor_is_accepted(fake: FakeAnthropic, llm: AnthropicLlm) -> None:
    first, second = ToolCallRequest("call:1", "price", '{"size": "large"}', b"gemini's"), ToolCallRequest("call:1", "price", "{broken")
    history = (
        Message("assistant", "Hello, this is Bella. "),
        Message("user", "A large pizza"),
        Message("assistant", "", (first,)),
        Message("tool", '{"total": 13}', tool_call_id="call:1", tool_name="price"),
        Message("assistant", "One more.", (second,)),
        Message("user", "Hello?"),
        Message("system", "The caller is silent."),
        Message("assistant", "   "),
    )
    _ = [event async for event in llm.stream(LlmRequest("", history, (PRICE,), max_tokens=50, options={"service_tier": "auto"}))]
    body = fake.requests[-1].json
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user", "assistant", "user", "assistant", "user"]
    assert body["messages"][4]["content"] == [{"type": "tool_result", "tool_use_id": "call_1", "content": '{"total": 13}'}]
    assert body["messages"][6]["content"][0]["is_error"] is True, "a call without a result would make the vendor refuse the whole history"
    assert body["messages"][6]["content"][2]["text"] == "[The caller is silent.]"
    assert body["tools"][0]["input_schema"]["type"] == "object"
    assert (body["max_tokens"], body["service_tier"]) == (50, "auto")


async def test_a_greeting_needs_no_user_message(fake: FakeAnthropic, llm: AnthropicLlm) -> None:
    _ = [event async for event in llm.stream(LlmRequest("Greet.", ()))]
    assert fake.requests[-1].json["messages"][0]["role"] == "user"


async def test_thinking_is_paid_for_and_not_spoken(fake: FakeAnthropic, llm: AnthropicLlm) -> None:
    fake.reply = lambda _: Reply(text="Four.")
    events: list[object] = [event async for event in llm.stream(LlmRequest("", ASK.messages, thinking_level="medium"))]
    assert said(events) == "Four."
    body = fake.requests[-1].json
    assert (body["thinking"], body["output_config"]) == ({"type": "adaptive"}, {"effort": "medium"})
    assert body["max_tokens"] > 1024


@pytest.mark.parametrize(
    ("finish", "expected"),
    [("length", "length"), ("content_filter", "content_filter")],
)
async def test_why_it_ended(fake: FakeAnthropic, llm: AnthropicLlm, finish: str, expected: str) -> None:
    fake.reply = lambda _: Reply(text="Well", finish_reason=finish)
    events = [event async for event in llm.stream(ASK)]
    assert isinstance(events[-1], LlmDone)
    assert events[-1].finish_reason == expected


@pytest.mark.parametrize(
    ("fault", "phase", "code"),
    [
        (Fault(raw_body=b'data: {"type": 5, \n\n'), "first_byte", "provider_malformed"),
        (Fault(raw_body=b'data: {"type": "message_start"}\n\n'), "first_byte", "provider_malformed"),
        (Fault(raw_body=b"<html>proxy</html>"), "stream", "provider_disconnected"),
    ],
    ids=["not-json", "wrong-shape", "html"],
)
async def test_a_broken_stream_names_its_phase(fake: FakeAnthropic, llm: AnthropicLlm, fault: Fault, phase: str, code: str) -> None:
    fake.reply = lambda _: Reply(text="One two three four five six seven eight nine ten.")
    fake.faults.add(fault)
    with pytest.raises(DependencyError) as caught:
        _ = [event async for event in llm.stream(ASK)]
    assert (caught.value.phase, caught.value.code, caught.value.retryable) == (phase, code, True)


@pytest.mark.parametrize(("kind", "code"), [("overloaded_error", "provider_failed"), ("rate_limit_error", "provider_rate_limited")])
async def test_an_error_event_in_mid_stream_is_a_failure(fake: FakeAnthropic, llm: AnthropicLlm, kind: str, code: str) -> None:
    fake.stream_error = kind
    with pytest.raises(DependencyError) as caught:
        _ = [event async for event in llm.stream(ASK)]
    assert caught.value.code == code


async def test_a_finished_answer_leaves_its_connection_to_the_next(fake: FakeAnthropic, llm: AnthropicLlm, pool: HttpPool) -> None:
    for _ in range(3):
        _ = [event async for event in llm.stream(ASK)]
    transport = pool.client._transport  # pyright: ignore[reportPrivateUsage]
    assert transport.kept_connections == 1  # type: ignore[attr-defined]


async def test_a_long_tool_call_outlasts_every_deadline(fake: FakeAnthropic, llm: AnthropicLlm) -> None:
    arguments = {"text": "x" * 200}
    fake.reply = lambda _: Reply(tool_calls=(ToolCall("note", arguments, "c1"),), tokens_per_s=6)
    events = [event async for event in llm.stream(ASK)]
    assert isinstance(events[0], ToolCallRequest)
    assert json.loads(events[0].arguments_json) == arguments
