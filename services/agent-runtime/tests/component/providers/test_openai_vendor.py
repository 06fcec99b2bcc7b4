"""Proves A2 (llm, tts) on OpenAI's wire, as the vendor's own SDK speaks it: streaming, tool fragments, usage, deadlines, failures."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import LlmDone, LlmRequest, Message, TextDelta, ToolCallRequest, ToolSpec, TtsRequest
from agent_runtime.providers.vendors.groq import groq_llm
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.llm import OpenAiLlm
from agent_runtime.providers.vendors.openai.tts import OpenAiTts
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.openai import FakeOpenAI, Reply, ToolCall

SECRET = "sk-test"
ASK = LlmRequest(system="You are Bella.", messages=(Message("user", "Hello"),))
SPEAK = TtsRequest("Good morning to you.", AudioFormat.PCM16_24K, "en")


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI(api_key=SECRET) as server:
        yield server


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    made = HttpPool(Deadlines(connect_s=2.0, first_byte_s=2.0, gap_s=1.5), 10)
    yield made
    await made.close()


@pytest.fixture
def llm(fake: FakeOpenAI, pool: HttpPool) -> OpenAiLlm:
    return OpenAiLlm(OpenAiClient("openai", SECRET, fake.url, pool), "gpt-5.4-mini")


@pytest.fixture
def tts(fake: FakeOpenAI, pool: HttpPool) -> OpenAiTts:
    return OpenAiTts(OpenAiClient("openai", SECRET, fake.url, pool), "gpt-4o-mini-tts", "marin")


async def test_text_streams_and_ends_with_usage(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    fake.reply = lambda _: Reply(text="Good morning. How can I help?")
    events = [event async for event in llm.stream(ASK)]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Good morning. How can I help?"
    done = events[-1]
    assert isinstance(done, LlmDone)
    assert done.finish_reason == "stop"
    assert done.input_tokens > 0
    assert done.output_tokens > 0


async def test_interleaved_tool_fragments_are_put_together_by_index(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    fake.reply = lambda _: Reply(
        tool_calls=(ToolCall("price", {"size": "large", "quantity": 2}, "c1"), ToolCall("note", {"text": "hello there"}, "c2"))
    )
    tools = (ToolSpec("price", "Price it.", {"type": "object", "properties": {}}), ToolSpec("note", "Note it.", {"type": "object", "properties": {}}))
    events = [event async for event in llm.stream(LlmRequest("", ASK.messages, tools))]
    calls = [event for event in events if isinstance(event, ToolCallRequest)]
    assert [(call.id, call.name, json.loads(call.arguments_json)) for call in calls] == [
        ("c1", "price", {"size": "large", "quantity": 2}),
        ("c2", "note", {"text": "hello there"}),
    ]
    assert events[-1] == LlmDone("tool_calls", *_usage(events[-1]))


def _usage(event: object) -> tuple[int, int]:
    assert isinstance(event, LlmDone)
    return event.input_tokens, event.output_tokens


async def test_the_request_carries_history_tools_and_model_options(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    call = ToolCallRequest("c1", "price", '{"size": "large"}')
    broken = ToolCallRequest("c2", "price", '{"size": ')
    history = (
        Message("user", "A large pizza"),
        Message("assistant", "", (call, broken)),
        Message("tool", '{"total": 13}', tool_call_id="c1", tool_name="price"),
        Message("tool", "Error: not valid", tool_call_id="c2", tool_name="price"),
    )
    request = LlmRequest(
        "Be brief.", history, (ToolSpec("price", "Price it.", {"type": "object", "properties": {}}),), max_tokens=50, options={"seed": 7}
    )
    _ = [event async for event in llm.stream(request)]
    body = fake.requests[-1].json
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "tool"]
    assert [entry["function"]["arguments"] for entry in body["messages"][2]["tool_calls"]] == ['{"size": "large"}', "{}"]
    assert body["tools"][0]["function"]["name"] == "price"
    assert (body["model"], body["max_completion_tokens"], body["seed"]) == ("gpt-5.4-mini", 50, 7)
    assert body["reasoning_effort"] == "none"
    assert "temperature" not in body
    _ = [event async for event in llm.stream(LlmRequest("", ASK.messages, model="gpt-4.1-mini", temperature=0.2))]
    assert fake.requests[-1].json["temperature"] == 0.2
    assert "reasoning_effort" not in fake.requests[-1].json


async def test_groq_is_the_same_api_at_another_address(fake: FakeOpenAI, pool: HttpPool) -> None:
    groq = groq_llm(SECRET, f"{fake.base_url}/openai/v1", "llama-3.3-70b-versatile", pool)
    events = [event async for event in groq.stream(ASK)]
    assert isinstance(events[-1], LlmDone)
    assert groq.name == "groq"
    assert fake.requests[-1].path == "/openai/v1/chat/completions"


@pytest.mark.parametrize(
    ("fault", "phase", "code"),
    [
        (Fault(malformed_after=2), "stream", "provider_malformed"),
        (Fault(raw_body=b'data: {"choices": 5}\n\n'), "first_byte", "provider_malformed"),
    ],
    ids=["malformed", "wrong-shape"],
)
async def test_a_broken_stream_names_its_phase(fake: FakeOpenAI, llm: OpenAiLlm, fault: Fault, phase: str, code: str) -> None:
    fake.reply = lambda _: Reply(text="One two three four five six seven eight nine ten.")
    fake.faults.add(fault)
    with pytest.raises(DependencyError) as caught:
        _ = [event async for event in llm.stream(ASK)]
    assert (caught.value.phase, caught.value.code, caught.value.retryable) == (phase, code, True)


async def test_a_failure_in_the_middle_of_the_stream_is_the_vendors(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    fake.faults.add(Fault(raw_body=b': still thinking\n\ndata: {"error": {"message": "overloaded", "code": "server_error"}}\n\n'))
    with pytest.raises(DependencyError) as caught:
        _ = [event async for event in llm.stream(ASK)]
    assert (caught.value.code, caught.value.phase) == ("provider_failed", "first_byte")


async def test_answer_after_answer_comes_over_one_connection(fake: FakeOpenAI, llm: OpenAiLlm, pool: HttpPool) -> None:
    for _ in range(3):
        async with aclosing(llm.stream(ASK)) as events:
            async for event in events:
                if isinstance(event, LlmDone):
                    # As the conversation does: behind the end nothing is read.
                    break
        assert pool.kept_connections == 1
    assert len(fake.requests) == 3


@pytest.mark.blocking_allowed
async def test_the_vendors_own_sdk_asks_the_same_and_hears_the_same(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    """The platform does without it on this path: it takes longer over a request than all of the conversation's own code."""
    from openai import AsyncOpenAI

    fake.reply = lambda _: Reply(text="Good morning. How can I help?")
    tools = (ToolSpec("price", "Price it.", {"type": "object", "properties": {}}),)
    ours = [event async for event in llm.stream(LlmRequest("Be brief.", ASK.messages, tools))]
    own = fake.requests[-1]
    text = ""
    async with AsyncOpenAI(api_key=SECRET, base_url=fake.url, max_retries=0) as client:
        async for chunk in await client.chat.completions.create(**own.json):
            text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    assert text == "".join(event.text for event in ours if isinstance(event, TextDelta))
    theirs = fake.requests[-1]
    assert (theirs.method, theirs.path, theirs.json) == (own.method, own.path, own.json)
    assert [theirs.headers[name] for name in ("authorization", "content-type")] == [own.headers[name] for name in ("authorization", "content-type")]


async def test_speech_is_whole_samples_of_24_khz(fake: FakeOpenAI, tts: OpenAiTts) -> None:
    chunks = [chunk async for chunk in tts.synthesise(SPEAK)]
    assert all(len(chunk) % 2 == 0 for chunk in chunks)
    assert AudioFormat.PCM16_24K.duration_ms(sum(map(len, chunks))) == pytest.approx(len(SPEAK.text) * 60, abs=1)
    body = fake.requests[-1].json
    assert (body["voice"], body["response_format"]) == ("marin", "pcm")
    assert len(await tts.voices()) > 5


async def test_a_long_tool_call_outlasts_every_deadline(fake: FakeOpenAI, llm: OpenAiLlm) -> None:
    arguments = {"text": "x" * 200}
    fake.reply = lambda _: Reply(tool_calls=(ToolCall("note", arguments, "c1"),), tokens_per_s=6)
    events = [event async for event in llm.stream(ASK)]
    assert isinstance(events[0], ToolCallRequest)
    assert json.loads(events[0].arguments_json) == arguments
