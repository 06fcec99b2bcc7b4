"""Proves A2 (one realtime provider in place of stt, llm and tts) on OpenAI's realtime wire: turns, tools, truncation, failures, cancellation."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.lazy_imports import loaded
from agent_runtime.providers.ports import LlmDone, LlmRequest, Message, ToolCallRequest, ToolSpec, Transcript
from agent_runtime.providers.realtime import (
    AnswerAudio,
    AnswerCall,
    AnswerEnded,
    AnswerText,
    RealtimeEvent,
    RealtimeSession,
    RealtimeSetup,
)
from agent_runtime.providers.vendors.openai.realtime import OpenAiRealtime
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.egress_policy import EgressPolicy
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.openai_chunks import ApiError, Reply, ToolCall
from callstage_testing.fakes.openai_realtime import FakeOpenAIRealtime
from callstage_testing.fakes.tones import tone_speech

SECRET = "sk-test"
SPEECH = pcm16_to_ulaw(tone_speech("two pizzas please", 8000))
ASKED = LlmRequest("You sell pizza.", (Message("assistant", "Hello."), Message("user", "Two large pizzas.")))
TOOLS = (ToolSpec("order", "Orders.", {"type": "object", "properties": {}}),)


def says(*replies: Reply) -> Any:
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAIRealtime]:
    async with FakeOpenAIRealtime(says(Reply("Two pizzas. Anything else?")), transcripts=("Two large pizzas.", "Stop."), api_key=SECRET) as server:
        yield server


def model(url: str, *, key: str = SECRET, egress: EgressPolicy | None = None) -> OpenAiRealtime:
    return OpenAiRealtime(key, url, "gpt-realtime-2.1", "gpt-live-transcribe", "marin", Deadlines(2.0, 2.0, 2.0), egress, answer_s=1.0)


def setup(**changes: Any) -> RealtimeSetup:
    return replace(RealtimeSetup(AudioFormat.PCMU_8K, AudioFormat.PCMU_8K, "en-GB", LlmRequest("You sell pizza.", ())), **changes)


async def say(session: RealtimeSession, events: AsyncIterator[RealtimeEvent]) -> list[Transcript]:
    session.caller_began()
    for start in range(0, len(SPEECH), 320):
        session.hear(SPEECH[start : start + 320])
    session.caller_stopped(LlmRequest("", ()), 200)
    found: list[Transcript] = []
    async with asyncio.timeout(20):
        async for event in events:
            assert isinstance(event, Transcript)
            found.append(event)
            if event.answers_finalize:
                return found
    raise AssertionError("the events ended")


async def answer(events: AsyncIterator[RealtimeEvent], number: int) -> tuple[str, bytes, list[ToolCallRequest], AnswerEnded]:
    text, audio, calls = "", b"", list[ToolCallRequest]()
    async with asyncio.timeout(20):
        async for event in events:
            assert getattr(event, "number", number) == number
            match event:
                case AnswerText():
                    text += event.text
                case AnswerAudio():
                    audio += event.audio
                case AnswerCall():
                    calls.append(event.call)
                case AnswerEnded():
                    return text, audio, calls, event
                case _:
                    continue
    raise AssertionError("the events ended")


def sent(fake: FakeOpenAIRealtime, kind: str) -> list[dict[str, Any]]:
    return [message for message in fake.requests[-1].messages if message["type"] == kind]


async def test_a_turn_is_heard_and_answered_in_ulaw(fake: FakeOpenAIRealtime) -> None:
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        heard = await say(session, events)
        number = session.ask(ASKED)
        assert number is not None
        text, audio, calls, end = await answer(events, number)
    assert heard[-1] == Transcript("Two large pizzas.", is_final=True, answers_finalize=True)
    assert (text, calls) == ("Two pizzas. Anything else?", [])
    assert end.done == LlmDone("stop", 100, 30)
    assert audio == pcm16_to_ulaw(tone_speech(text, 8000))
    exchange = fake.requests[-1]
    assert (exchange.query, exchange.headers["authorization"]) == ({"model": "gpt-realtime-2.1"}, f"Bearer {SECRET}")
    session_sent = sent(fake, "session.update")[0]["session"]
    assert session_sent["instructions"] == "You sell pizza."
    assert session_sent["audio"]["input"]["format"] == session_sent["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert session_sent["audio"]["input"]["turn_detection"] is None
    assert session_sent["audio"]["input"]["transcription"] == {"model": "gpt-live-transcribe", "languages": ["en"]}
    assert [(item["role"], item["content"], item["is_audio"]) for item in fake.sessions[0].context()["messages"]] == [
        ("assistant", "Hello.", False),
        ("user", "Two large pizzas.", True),
        ("assistant", "Two pizzas. Anything else?", True),
    ]


async def test_tools_and_another_stage(fake: FakeOpenAIRealtime) -> None:
    fake.brain = says(Reply("One moment.", (ToolCall("order", {"item": "pizza"}, "call_1"),)), Reply("That is 12 dollars."))
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        await say(session, events)
        first = session.ask(replace(ASKED, tools=TOOLS))
        assert first == 1
        text, _, calls, end = await answer(events, first)
        assert end.done is not None
        assert (text, calls, end.done.finish_reason) == ("One moment.", [ToolCallRequest("call_1", "order", '{"item": "pizza"}')], "tool_calls")
        history = (*ASKED.messages, Message("assistant", "One moment.", (calls[0],)), Message("tool", '{"total": 12}', (), "call_1", "order"))
        second = session.ask(LlmRequest("Take the payment.", history))
        assert second == 2
        assert (await answer(events, second))[0] == "That is 12 dollars."
    context = fake.sessions[0].context()
    assert (context["instructions"], context["tools"]) == ("Take the payment.", [])
    assert [message["role"] for message in context["messages"]] == ["assistant", "user", "assistant", "call", "tool", "assistant"]
    assert len(sent(fake, "session.update")) == 3


async def test_what_was_not_heard_is_forgotten_to_the_millisecond(fake: FakeOpenAIRealtime) -> None:
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        await say(session, events)
        number = session.ask(ASKED)
        assert number is not None
        await answer(events, number)
        await say(session, events)
        history = (*ASKED.messages, Message("assistant", "Two pizzas."), Message("user", "Stop."))
        again = session.ask(replace(ASKED, messages=history), heard_ms=655.0)
        assert again is not None
        await answer(events, again)
    cut = sent(fake, "conversation.item.truncate")
    assert [message["audio_end_ms"] for message in cut] == [655]
    assert sent(fake, "conversation.item.delete") == []
    assert [item["role"] for item in fake.sessions[0].context()["messages"]] == ["assistant", "user", "assistant", "user", "assistant"]


async def test_a_cancelled_answer_stops_at_once_and_the_next_waits_for_its_end(fake: FakeOpenAIRealtime) -> None:
    fake.brain, fake.speed = says(Reply("A very long answer that goes on and on, and on. " * 20), Reply("Yes.")), 1.0
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        await say(session, events)
        number = session.ask(ASKED)
        assert number is not None
        async for event in events:
            if isinstance(event, AnswerAudio):
                break
        began = time.monotonic()
        session.cancel(number)
        again = session.ask(replace(ASKED, messages=(*ASKED.messages, Message("user", "[keypad: 5]"))))
        assert again is not None
        text, *_ = await answer(events, again)
        assert time.monotonic() - began < 20.0
    assert text == "Yes."
    assert [moment.name for moment in fake.requests[-1].moments if moment.name in ("response", "cancelled")] == ["response", "cancelled", "response"]
    # Nobody heard it: the model does not remember it either.
    assert "very long" not in str(fake.sessions[0].context()["messages"])


async def test_a_new_connection_is_told_the_history(fake: FakeOpenAIRealtime) -> None:
    call = ToolCallRequest("c1", "order", "{}")
    history = (*ASKED.messages, Message("assistant", "", (call,)), Message("tool", "{}", (), "c1", "order"), Message("user", "And a cola."))
    async with model(fake.url).open(setup()) as session:
        number = session.ask(replace(ASKED, messages=history))
        assert number is not None
        await answer(session.events(), number)
    assert [message["role"] for message in fake.sessions[0].context()["messages"]][:5] == ["assistant", "user", "call", "tool", "user"]


async def test_the_vendor_may_find_the_end_of_a_turn(fake: FakeOpenAIRealtime) -> None:
    options = {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}, "voice": "cedar"}
    assert model(fake.url).described(None, options).hears_pauses
    async with model(fake.url).open(setup(options=options)) as session:
        session.hear(SPEECH)
        session.caller_stopped(LlmRequest("", ()))
        events = session.events()
        async with asyncio.timeout(20):
            while not fake.requests[-1].messages[1:]:
                await asyncio.sleep(0.01)
        commit = fake.sessions[0].control('{"type": "input_audio_buffer.commit"}')
        for timed in commit:
            await fake.open_sockets[0].push(timed.message)
        async for event in events:
            if isinstance(event, Transcript) and event.is_final:
                assert event.ends_turn
                break
    audio = sent(fake, "session.update")[0]["session"]["audio"]
    assert audio["input"]["turn_detection"] == {**options["turn_detection"], "create_response": False, "interrupt_response": False}  # type: ignore[dict-item]
    assert audio["output"]["voice"] == "cedar"
    assert sent(fake, "input_audio_buffer.commit") == []


@pytest.mark.parametrize(("status", "code"), [(401, "provider_unauthorised"), (429, "provider_rate_limited"), (503, "provider_failed")])
async def test_a_refused_handshake(fake: FakeOpenAIRealtime, status: int, code: str) -> None:
    fake.faults.add(Fault(status=status))
    with pytest.raises(DependencyError) as caught:
        async with model(fake.url).open(setup()):
            pass
    assert caught.value.code == code
    assert SECRET not in caught.value.message


async def test_a_failed_answer_leaves_the_session_alive(fake: FakeOpenAIRealtime) -> None:
    fake.brain = says(Reply(error=ApiError(429, "slow down")), Reply("Here."))
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        first = session.ask(ASKED)
        assert first is not None
        end = (await answer(events, first))[3]
        assert end.failure is not None
        assert end.failure.code == "provider_rate_limited"
        second = session.ask(ASKED)
        assert second is not None
        assert (await answer(events, second))[0] == "Here."


@pytest.mark.parametrize(("fault", "code"), [(Fault(disconnect_after=8), "provider_disconnected"), (Fault(malformed_after=8), "provider_malformed")])
async def test_a_broken_answer_ends_the_session(fake: FakeOpenAIRealtime, fault: Fault, code: str) -> None:
    fake.faults.add(fault)
    async with model(fake.url).open(setup()) as session:
        number = session.ask(ASKED)
        assert number is not None
        with pytest.raises(DependencyError) as caught:
            await answer(session.events(), number)
    assert (caught.value.code, caught.value.phase) == (code, "stream")


async def test_an_expired_session_counts_as_a_lost_connection(fake: FakeOpenAIRealtime) -> None:
    async with model(fake.url).open(setup()) as session:
        await fake.open_sockets[0].push({"type": "error", "error": {"type": "invalid_request_error", "code": "session_expired", "message": ""}})
        with pytest.raises(DependencyError) as caught:
            await anext(aiter(session.events()))
    assert caught.value.code == "provider_disconnected"


async def test_a_tenants_address_inside_is_not_reached(fake: FakeOpenAIRealtime) -> None:
    with pytest.raises(DependencyError) as caught:
        async with model(fake.url, egress=EgressPolicy.from_setting("")).open(setup()):
            pass
    assert caught.value.code == "provider_refused"
    assert not fake.requests


async def test_the_vendors_own_client_speaks_this_wire(fake: FakeOpenAIRealtime) -> None:
    await loaded("openai", "openai.resources.realtime.realtime", "openai.lib._websocket")
    from openai import AsyncOpenAI

    kinds: list[str] = []
    async with AsyncOpenAI(api_key=SECRET, base_url=fake.url) as client, client.realtime.connect(model="gpt-realtime-2.1") as connection:
        await connection.session.update(
            session={
                "type": "realtime",
                "instructions": "You sell pizza.",
                "audio": {"input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcmu"}}},
            }
        )
        await connection.input_audio_buffer.append(audio=base64.b64encode(SPEECH).decode())
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        async with asyncio.timeout(10):
            async for event in connection:
                kinds.append(event.type)
                if event.type == "response.done":
                    assert event.response.status == "completed"
                    break
    assert {"input_audio_buffer.committed", "response.output_audio.delta", "response.output_audio_transcript.delta"} <= set(kinds)
