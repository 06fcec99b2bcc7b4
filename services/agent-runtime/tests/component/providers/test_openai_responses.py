"""Proves A2 (llm) on OpenAI's Responses wire (checked by the SDK): choice of the API, events, tools, usage, failures, cancellation."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import LlmDone, LlmRequest, Message, TextDelta, ToolCallRequest, ToolSpec
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.llm import OpenAiLlm
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.openai import FakeOpenAI, Reply, ToolCall
from openai import OpenAI

SECRET = "sk-test"
ASK = LlmRequest(system="You are Bella.", messages=(Message("user", "Hello"),))
PRICE = ToolSpec("price", "Price it.", {"type": "object", "properties": {}})


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI(api_key=SECRET) as server:
        yield server


@pytest.fixture
async def client(fake: FakeOpenAI) -> AsyncIterator[OpenAiClient]:
    pool = HttpPool(Deadlines(connect_s=2.0, first_byte_s=2.0, gap_s=1.5), 10)
    yield OpenAiClient("openai", SECRET, fake.url, pool)
    await pool.close()


@pytest.fixture
def llm(client: OpenAiClient) -> OpenAiLlm:
    return OpenAiLlm(client, "gpt-5.4-mini", "responses")


async def test_a_request_may_choose_its_api(fake: FakeOpenAI, client: OpenAiClient, llm: OpenAiLlm) -> None:
    chosen = LlmRequest("", ASK.messages, options={"api": "responses", "service_tier": "priority"})
    for model, request, path in (
        (OpenAiLlm(client, "gpt-5.4-mini"), ASK, "/v1/chat/completions"),
        (OpenAiLlm(client, "gpt-5.4-mini"), chosen, "/v1/responses"),
        (llm, ASK, "/v1/responses"),
        (llm, LlmRequest("", ASK.messages, options={"api": "chat"}), "/v1/chat/completions"),
    ):
        events = [event async for event in model.stream(request)]
        assert isinstance(events[-1], LlmDone)
        assert fake.requests[-1].path == path
        assert "api" not in fake.requests[-1].json
    assert fake.requests[1].json["service_tier"] == "priority"


async def test_text_streams_and_ends_with_usage(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    fake.reply = lambda _: Reply(text="Good morning. How can I help?")
    events = [event async for event in llm.stream(ASK)]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Good morning. How can I help?"
    done = events[-1]
    assert isinstance(done, LlmDone)
    assert done.finish_reason == "stop"
    assert done.input_tokens > 0
    assert done.output_tokens > 0
    body = fake.requests[-1].json
    assert (body["instructions"], body["store"], body["reasoning"]) == ("You are Bella.", False, {"effort": "none"})
    assert "temperature" not in body


async def test_the_sdk_reads_the_same_answer(fake: FakeOpenAI) -> None:
    fake.reply = lambda _: Reply(text="One moment.", tool_calls=(ToolCall("price", {"size": "large"}, "c1"),))

    def ask() -> tuple[str, str, int]:
        with OpenAI(api_key=SECRET, base_url=fake.url, max_retries=0) as sdk, sdk.responses.stream(model="gpt-5.4-mini", input="Hello") as stream:
            final = stream.get_final_response()
        calls = [item for item in final.output if item.type == "function_call"]
        assert final.usage is not None
        return final.output_text, calls[0].arguments, final.usage.output_tokens

    text, arguments, written = await asyncio.to_thread(ask)
    assert (text, json.loads(arguments)) == ("One moment.", {"size": "large"})
    assert written > 0


async def test_function_calls_come_complete(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    fake.reply = lambda _: Reply(
        text="One moment.", tool_calls=(ToolCall("price", {"size": "large", "quantity": 2}, "c1"), ToolCall("price", "{broken", "c2"))
    )
    events = [event async for event in llm.stream(LlmRequest("", ASK.messages, (PRICE,)))]
    calls = [event for event in events if isinstance(event, ToolCallRequest)]
    assert [(call.id, call.name, call.arguments_json) for call in calls] == [
        ("c1", "price", json.dumps({"size": "large", "quantity": 2})),
        ("c2", "price", "{broken"),
    ]
    assert isinstance(events[-1], LlmDone)
    assert events[-1].finish_reason == "tool_calls"
    assert fake.requests[-1].json["tools"] == [
        {"type": "function", "name": "price", "description": "Price it.", "parameters": PRICE.parameters, "strict": False}
    ]


async def test_the_history_is_made_of_items(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    call, broken = ToolCallRequest("c1", "price", '{"size": "large"}'), ToolCallRequest("c2", "price", '{"size": ')
    history = (
        Message("user", "A large pizza"),
        Message("assistant", "One moment.", (call, broken)),
        Message("tool", '{"total": 13}', tool_call_id="c1", tool_name="price"),
        Message("tool", "Error: not valid", tool_call_id="c2", tool_name="price"),
        Message("system", "The caller is silent."),
    )
    _ = [event async for event in llm.stream(LlmRequest("", history, (PRICE,), model="gpt-4.1-mini", temperature=0.2, max_tokens=50))]
    body = fake.requests[-1].json
    assert body["input"] == [
        {"role": "user", "content": "A large pizza"},
        {"role": "assistant", "content": "One moment."},
        {"type": "function_call", "call_id": "c1", "name": "price", "arguments": '{"size": "large"}'},
        {"type": "function_call", "call_id": "c2", "name": "price", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": '{"total": 13}'},
        {"type": "function_call_output", "call_id": "c2", "output": "Error: not valid"},
        {"role": "system", "content": "The caller is silent."},
    ]
    assert (body["model"], body["max_output_tokens"], body["temperature"]) == ("gpt-4.1-mini", 50, 0.2)


@pytest.mark.parametrize(("finish", "expected"), [("length", "length"), ("content_filter", "content_filter")])
async def test_an_incomplete_answer_says_why(fake: FakeOpenAI, llm: OpenAiLlm, finish: str, expected: str) -> None:
    fake.reply = lambda _: Reply(text="Well", finish_reason=finish)
    events = [event async for event in llm.stream(ASK)]
    assert isinstance(events[-1], LlmDone)
    assert events[-1].finish_reason == expected


@pytest.mark.parametrize(("finish", "code"), [("failed", "provider_rate_limited"), ("error", "provider_failed")])
async def test_a_failure_event_is_a_dependency_error(fake: FakeOpenAI, llm: OpenAiLlm, finish: str, code: str) -> None:
    fake.reply = lambda _: Reply(text="Well", finish_reason=finish)
    with pytest.raises(DependencyError) as caught:
        _ = [event async for event in llm.stream(ASK)]
    assert (caught.value.vendor, caught.value.code) == ("openai", code)


@pytest.mark.parametrize(
    ("fault", "phase", "code"),
    [
        (Fault(raw_body=b'data: {"type": "response.completed", "response": 5}\n\n'), "first_byte", "provider_malformed"),
        (Fault(raw_body=b'data: {"type": "response.created"}\n\ndata: [DONE]\n\n'), "stream", "provider_disconnected"),
    ],
    ids=["wrong-shape", "no-end"],
)
async def test_a_broken_stream_names_its_phase(fake: FakeOpenAI, llm: OpenAiLlm, fault: Fault, phase: str, code: str) -> None:
    fake.reply = lambda _: Reply(text="One two three four five six seven eight nine ten.")
    fake.faults.add(fault)
    with pytest.raises(DependencyError) as caught:
        _ = [event async for event in llm.stream(ASK)]
    assert (caught.value.phase, caught.value.code, caught.value.retryable) == (phase, code, True)


async def test_a_long_tool_call_outlasts_every_deadline(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    arguments = {"text": "x" * 200}
    fake.reply = lambda _: Reply(tool_calls=(ToolCall("note", arguments, "c1"),), tokens_per_s=6)
    events = [event async for event in llm.stream(ASK)]
    assert isinstance(events[0], ToolCallRequest)
    assert json.loads(events[0].arguments_json) == arguments
