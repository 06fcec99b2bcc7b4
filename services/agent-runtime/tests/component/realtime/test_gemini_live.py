"""Proves A2 (one realtime provider in place of stt, llm and tts) on Gemini's live wire: turns, tools, interruption, resumption, failures."""

import asyncio
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
    Leaving,
    RealtimeEvent,
    RealtimeSession,
    RealtimeSetup,
)
from agent_runtime.providers.vendors.gemini.live import GeminiLive
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.egress_policy import EgressPolicy
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.gemini_live import FakeGeminiLive
from callstage_testing.fakes.openai_chunks import Reply, ToolCall
from callstage_testing.fakes.tones import tone_speech

SECRET = "gm-test"
SPEECH = pcm16_to_ulaw(tone_speech("two pizzas please", 8000))
SYSTEM = "You sell pizza."
GREETED = (Message("assistant", "Hello."),)
NOW = LlmRequest(SYSTEM, GREETED)
ASKED = LlmRequest(SYSTEM, (*GREETED, Message("user", "Two large pizzas.")))
TOOLS = (ToolSpec("order", "Orders.", {"type": "object", "properties": {}}),)
NEW, OLD = "gemini-3.8-live", "gemini-3.1-flash-live-preview"


def says(*replies: Reply) -> Any:
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
async def fake() -> AsyncIterator[FakeGeminiLive]:
    brain = says(Reply("Two pizzas. Anything else?"))
    async with FakeGeminiLive(brain, transcripts=("Two large pizzas.", "Stop."), api_key=SECRET) as server:
        yield server


def model(url: str, *, name: str = NEW, key: str = SECRET, egress: EgressPolicy | None = None) -> GeminiLive:
    return GeminiLive(key, url, name, "Kore", Deadlines(2.0, 2.0, 2.0), egress)


def setup(**changes: Any) -> RealtimeSetup:
    return replace(RealtimeSetup(AudioFormat.PCMU_8K, AudioFormat.PCM16_24K, "en-GB", LlmRequest(SYSTEM, ())), **changes)


def speak(session: RealtimeSession, now: LlmRequest | None = NOW) -> None:
    session.caller_began()
    for start in range(0, len(SPEECH), 320):
        session.hear(SPEECH[start : start + 320])
    if now is not None:
        session.caller_stopped(now, 200)


async def heard(events: AsyncIterator[RealtimeEvent]) -> tuple[str, list[RealtimeEvent]]:
    """The settled words, and what came beside them."""
    others: list[RealtimeEvent] = []
    async with asyncio.timeout(20):
        async for event in events:
            if isinstance(event, Transcript):
                if event.answers_finalize:
                    return event.text, others
            else:
                others.append(event)
    raise AssertionError("the events ended")


async def answer(
    events: AsyncIterator[RealtimeEvent], number: int | None, before: list[RealtimeEvent] | None = None
) -> tuple[str, bytes, list[ToolCallRequest], AnswerEnded]:
    text, audio, calls = "", b"", list[ToolCallRequest]()

    async def all_events() -> AsyncIterator[RealtimeEvent]:
        for event in before or ():
            yield event
        async for event in events:
            yield event

    async with asyncio.timeout(20):
        async for event in all_events():
            if getattr(event, "number", number) != number:
                continue
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


def moments(fake: FakeGeminiLive) -> list[str]:
    return [moment.name for moment in fake.requests[-1].moments]


async def test_a_turn_is_answered_early_and_the_answer_kept(fake: FakeGeminiLive) -> None:
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        speak(session)
        said, before = await heard(events)
        text, audio, calls, end = await answer(events, session.ask(ASKED), before)
    assert (said, text, calls) == ("Two large pizzas.", "Two pizzas. Anything else?", [])
    assert audio == tone_speech(text, 24_000)
    assert end.done is not None
    assert end.done.finish_reason == "stop"
    assert moments(fake)[:3] == ["activity_start", "activity_end", "generation"]
    sent = fake.sessions[0].setup
    assert sent["realtimeInputConfig"]["automaticActivityDetection"] == {"disabled": True}
    assert (sent["model"], sent["sessionResumption"], sent["contextWindowCompression"]) == (f"models/{NEW}", {}, {"slidingWindow": {}})
    assert [(item["role"], item["content"]) for item in fake.sessions[0].messages] == [
        ("model", "Hello."),
        ("user", "Two large pizzas."),
        ("model", "Two pizzas. Anything else?"),
    ]
    assert fake.requests[-1].headers["x-goog-api-key"] == SECRET
    assert SECRET not in str(fake.requests[-1].query)


async def test_the_caller_goes_on_and_the_early_answer_is_dropped(fake: FakeGeminiLive) -> None:
    fake.brain, fake.speed = says(Reply("That was quick, was it not, all in all?"), Reply("Noted.")), 2.0
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        speak(session)
        await heard(events)
        speak(session)
        _, before = await heard(events)
        request = LlmRequest(SYSTEM, (*GREETED, Message("user", "Two large pizzas. Stop.")))
        number = session.ask(request)
        assert number == 2
        assert (await answer(events, number, before))[0] == "Noted."
    assert moments(fake).count("interrupted") == 1


async def test_tools_and_another_stage_in_the_same_session(fake: FakeGeminiLive) -> None:
    fake.brain = says(Reply("One moment.", (ToolCall("order", {"item": "pizza"}, "call_1"),)), Reply("That is 12 dollars."))
    request = replace(ASKED, tools=TOOLS)
    async with model(fake.url).open(setup(request=LlmRequest(SYSTEM, (), TOOLS))) as session:
        events = session.events()
        speak(session, replace(NOW, tools=TOOLS))
        _, before = await heard(events)
        text, _, calls, end = await answer(events, session.ask(request), before)
        assert (text, calls) == ("One moment.", [ToolCallRequest("call_1", "order", '{"item":"pizza"}')])
        assert end.done == LlmDone("tool_calls", 100, 30)
        history = (*ASKED.messages, Message("assistant", "One moment.", (calls[0],)), Message("tool", '{"total": 12}', (), "call_1", "order"))
        assert (await answer(events, session.ask(LlmRequest("Take the payment.", history))))[0] == "That is 12 dollars."
    context = fake.sessions[0].context()
    assert (context["instructions"], context["tools"]) == ("Take the payment.", [])
    assert context["messages"][-2] == {"role": "tool", "content": '{"total": 12}', "id": "call_1"}
    assert len(fake.sessions) == 1
    assert fake.sessions[0].setup["tools"] == []


async def test_older_models_need_a_session_of_their_own_for_another_stage(fake: FakeGeminiLive) -> None:
    fake.brain = says(Reply("", (ToolCall("order", {}, "call_1"),)), Reply("That is 12 dollars."))
    made = model(fake.url, name=OLD)
    assert not made.described(None, {}).changes_in_session
    history = (*ASKED.messages, Message("assistant", "", (ToolCallRequest("call_1", "order", "{}"),)), Message("tool", "{}", (), "call_1", "order"))
    other = LlmRequest("Take the payment.", history)
    async with made.open(setup(request=replace(NOW, tools=TOOLS))) as session:
        assert session.is_current(replace(NOW, tools=TOOLS))
        assert not session.is_current(other)
        events = session.events()
        speak(session, NOW)
        _, before = await heard(events)
        await answer(events, session.ask(replace(ASKED, tools=TOOLS)), before)
        assert session.ask(other) is None
    async with made.open(setup(request=other)) as session:
        assert (await answer(session.events(), session.ask(other)))[0] == "That is 12 dollars."
    assert "historyConfig" in fake.sessions[1].setup
    assert "order" in str(fake.sessions[1].messages)


async def test_what_was_not_heard_is_told_to_the_model(fake: FakeGeminiLive) -> None:
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        speak(session)
        _, before = await heard(events)
        await answer(events, session.ask(ASKED), before)
        history = (*ASKED.messages, Message("assistant", "Two pizzas."))
        speak(session, LlmRequest(SYSTEM, history))
        _, before = await heard(events)
        await answer(events, session.ask(LlmRequest(SYSTEM, (*history, Message("user", "Stop.")))), before)
    assert 'the caller heard only: "Two pizzas."' in str(fake.sessions[0].messages)
    assert moments(fake).count("generation") == 2


async def test_speech_over_an_answer_does_not_stop_it_until_it_is_cancelled(fake: FakeGeminiLive) -> None:
    fake.brain, fake.speed = says(Reply("A very long answer that goes on and on, and on."), Reply("Yes.")), 2.0
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        speak(session)
        await heard(events)
        number = session.ask(ASKED)
        assert number is not None
        speak(session, None)
        async for event in events:
            if isinstance(event, AnswerAudio):
                break
        assert moments(fake).count("activity_start") == 1
        session.cancel(number)
        session.caller_stopped(NOW)
        said, before = await heard(events)
        assert said == "Stop."
        request = LlmRequest(SYSTEM, (*ASKED.messages, Message("user", "Stop.")))
        assert (await answer(events, session.ask(request), before))[0] == "Yes."
    assert moments(fake).count("interrupted") == 1


async def test_typed_words_and_a_greeting_are_answered(fake: FakeGeminiLive) -> None:
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        opening = LlmRequest("Greet.", (Message("user", "[The call is connected.]"),))
        assert (await answer(events, session.ask(opening)))[0]
        typed = LlmRequest(SYSTEM, (Message("assistant", "Two pizzas. Anything else?"), Message("user", "[keypad: 5]")))
        assert (await answer(events, session.ask(typed)))[0]
    assert fake.sessions[0].messages[-2]["content"] == "[keypad: 5]"


async def test_a_session_goes_on_over_another_connection(fake: FakeGeminiLive) -> None:
    async with model(fake.url).open(setup()) as session:
        events = session.events()
        speak(session)
        _, before = await heard(events)
        await answer(events, session.ask(ASKED), before)
        await fake.open_sockets[0].push({"goAway": {"timeLeft": "9.5s"}})
        async with asyncio.timeout(20):
            assert [event async for event in _until_leaving(events)][-1] == Leaving(9.5)
        handover = session.handover
    history = LlmRequest(SYSTEM, (*ASKED.messages, Message("assistant", "Two pizzas. Anything else?")))
    async with model(fake.url).open(setup(request=history, resume=handover)) as session:
        speak(session, history)
        events = session.events()
        _, before = await heard(events)
        request = replace(history, messages=(*history.messages, Message("user", "Stop.")))
        assert (await answer(events, session.ask(request), before))[0]
    assert "resumed" in moments(fake)
    assert [item["role"] for item in fake.sessions[1].messages] == ["model", "user", "model", "user", "model"]


async def _until_leaving(events: AsyncIterator[RealtimeEvent]) -> AsyncIterator[RealtimeEvent]:
    async for event in events:
        yield event
        if isinstance(event, Leaving):
            return


async def test_a_refused_resumption_begins_anew_with_the_history(fake: FakeGeminiLive) -> None:
    async with model(fake.url).open(setup(request=ASKED, resume=("unknown", []))) as session:
        assert (await answer(session.events(), session.ask(ASKED)))[0]
    assert [item["role"] for item in fake.sessions[-1].messages] == ["model", "user", "model"]


@pytest.mark.parametrize(("status", "code"), [(401, "provider_unauthorised"), (429, "provider_rate_limited"), (503, "provider_failed")])
async def test_a_refused_handshake(fake: FakeGeminiLive, status: int, code: str) -> None:
    fake.faults.add(Fault(status=status))
    with pytest.raises(DependencyError) as caught:
        async with model(fake.url).open(setup()):
            pass
    assert caught.value.code == code
    assert SECRET not in caught.value.message


@pytest.mark.parametrize(("fault", "code"), [(Fault(disconnect_after=4), "provider_disconnected"), (Fault(malformed_after=4), "provider_malformed")])
async def test_a_broken_answer_ends_the_session(fake: FakeGeminiLive, fault: Fault, code: str) -> None:
    fake.faults.add(fault)
    async with model(fake.url).open(setup()) as session:
        with pytest.raises(DependencyError) as caught:
            await answer(session.events(), session.ask(ASKED))
    assert (caught.value.code, caught.value.phase) == (code, "stream")


async def test_silence_is_no_answer(fake: FakeGeminiLive) -> None:
    fake.brain = says(Reply(""))
    async with model(fake.url).open(setup()) as session:
        end = (await answer(session.events(), session.ask(ASKED)))[3]
    assert end.failure is not None
    assert end.failure.retryable


async def test_a_tenants_address_inside_is_not_reached(fake: FakeGeminiLive) -> None:
    with pytest.raises(DependencyError) as caught:
        async with model(fake.url, egress=EgressPolicy.from_setting("")).open(setup()):
            pass
    assert caught.value.code == "provider_refused"
    assert not fake.requests


async def test_the_vendors_own_client_speaks_this_wire(fake: FakeGeminiLive) -> None:
    await loaded("google.genai", "google.genai.types", "google.genai.live")
    from google.genai import Client, types

    fake.brain = says(Reply("One moment.", (ToolCall("order", {}, "call_1"),)), Reply("Done."))
    client = await asyncio.to_thread(Client, api_key=SECRET, http_options=types.HttpOptions(base_url=fake.url))
    api: Any = client._api_client  # pyright: ignore[reportPrivateUsage]
    # The SDK makes every address wss; the fake has no certificate.
    api._websocket_base_url = lambda *_: fake.ws_url
    api._websocket_ssl_ctx = {}
    config = types.LiveConnectConfig(
        response_modalities=[types.Modality.AUDIO],
        system_instruction="You sell pizza.",
        input_audio_transcription=types.AudioTranscriptionConfig(),
        output_audio_transcription=types.AudioTranscriptionConfig(),
        session_resumption=types.SessionResumptionConfig(),
        realtime_input_config=types.RealtimeInputConfig(automatic_activity_detection=types.AutomaticActivityDetection(disabled=True)),
    )
    said, spoken, calls, handles = "", b"", [], []
    async with client.aio.live.connect(model=NEW, config=config) as live:
        await live.send_context_update(tools=[types.Tool(function_declarations=[types.FunctionDeclaration(name="order")])])
        await live.send_realtime_input(activity_start=types.ActivityStart())
        await live.send_realtime_input(audio=types.Blob(data=tone_speech("two pizzas", 16_000), mime_type="audio/pcm;rate=16000"))
        await live.send_realtime_input(activity_end=types.ActivityEnd())
        async with asyncio.timeout(10):
            while "Done." not in said or not handles:
                async for message in live.receive():
                    if message.tool_call is not None:
                        calls += message.tool_call.function_calls or []
                        await live.send_tool_response(function_responses=[types.FunctionResponse(id="call_1", name="order", response={"total": 12})])
                    if message.session_resumption_update is not None:
                        handles.append(message.session_resumption_update.new_handle)
                        break
                    content = message.server_content
                    if content is not None and content.output_transcription is not None:
                        said += content.output_transcription.text or ""
                    spoken += message.data or b""
    await client.aio.aclose()
    assert [call.name for call in calls] == ["order"]
    assert (said, len(spoken) > 0) == ("One moment.Done.", True)
    assert fake.sessions[0].context()["tools"] == ["order"]
