"""Proves A2 (stt) on OpenAI's realtime transcription wire: session, deltas, commits, failures, cancellation."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from agent_runtime.providers.dialogue import NOTHING
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.lazy_imports import load
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_dialogue import SETTLED
from agent_runtime.providers.vendors.openai.stt import OpenAiStt
from agent_runtime.providers.vendors.openai.transcription import TranscriptionDialogue, session_update
from aiohttp import web
from aiohttp.test_utils import TestServer
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.openai import FakeOpenAI
from callstage_testing.fakes.tones import tone_speech
from wires import SILENCE, SPEECH, speak, until_answer

SECRET = "sk-test"
REQUEST = SttRequest(AudioFormat.PCMU_8K, "en-GB")


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI(transcripts=("Two large pizzas.", "Yes please."), api_key=SECRET) as server:
        yield server


def provider(base_url: str, *, key: str = SECRET, model: str = "gpt-live-transcribe", finalize_wait_s: float = 1.0) -> OpenAiStt:
    return OpenAiStt(key, base_url, model, Deadlines(2.0, 2.0, 2.0), finalize_wait_s=finalize_wait_s)


def sent(fake: FakeOpenAI) -> list[dict[str, Any]]:
    return [json.loads(message["text"]) for message in fake.requests[-1].messages]


async def test_speech_is_settled_by_a_commit_turn_after_turn(fake: FakeOpenAI) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        texts = stream.transcripts()
        await speak(stream, SPEECH)
        await stream.finalize(200)
        first = await until_answer(texts)
        await speak(stream, SILENCE + SPEECH)
        await stream.finalize(200)
        second = await until_answer(texts)
    assert first[-1] == Transcript("Two large pizzas.", is_final=True, answers_finalize=True)
    assert second[-1] == Transcript("Yes please.", is_final=True, answers_finalize=True)
    assert second[-1].until_ms == pytest.approx((2 * len(SPEECH) + len(SILENCE)) / 8)
    interims = [text.text for text in first[:-1]]
    assert interims
    assert all("Two large pizzas.".startswith(text) for text in interims)
    assert not any(text.ends_turn for text in first + second)
    exchange = fake.requests[-1]
    assert (exchange.path, exchange.query, exchange.headers["authorization"]) == ("/v1/realtime", {"intent": "transcription"}, f"Bearer {SECRET}")
    assert sent(fake)[0]["session"] == {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "turn_detection": None,
                "transcription": {"model": "gpt-live-transcribe", "languages": ["en"]},
            }
        },
    }


@pytest.mark.parametrize("audio_format", [AudioFormat.PCM16_24K, AudioFormat.PCM16_16K])
async def test_linear_audio_arrives_at_24_khz(fake: FakeOpenAI, audio_format: AudioFormat) -> None:
    async with provider(fake.url, model="gpt-4o-transcribe").open(SttRequest(audio_format, "multi")) as stream:
        speech = tone_speech("hellohello", audio_format.rate_hz)
        for start in range(0, len(speech), 640):
            await stream.send(speech[start : start + 640])
        await stream.finalize()
        found = await until_answer(stream.transcripts())
    assert found[-1].text == "Two large pizzas."
    seconds = sum(len(message["audio"]) * 3 / 4 for message in sent(fake) if message["type"] == "input_audio_buffer.append") / 48_000
    assert seconds == pytest.approx(0.6, abs=0.05)
    assert sent(fake)[0]["session"]["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert sent(fake)[0]["session"]["audio"]["input"]["transcription"] == {"model": "gpt-4o-transcribe"}


async def test_nothing_new_needs_no_commit_and_silence_gets_an_empty_answer(fake: FakeOpenAI) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        texts = stream.transcripts()
        await stream.finalize()
        assert await until_answer(texts) == [SETTLED]
        waiting = asyncio.create_task(until_answer(texts))
        await asyncio.sleep(0)
        await stream.finalize()
        assert await waiting == [SETTLED]
        await speak(stream, SILENCE)
        await stream.finalize()
        assert await until_answer(texts) == [SETTLED]
    assert [message["type"] for message in sent(fake)].count("input_audio_buffer.commit") == 1


async def test_only_the_last_of_two_finalizes_is_answered(fake: FakeOpenAI) -> None:
    fake.final_delay_s = 0.1
    async with provider(fake.url).open(REQUEST) as stream:
        for _ in range(2):
            await speak(stream, SPEECH)
            await stream.finalize()
        found = [text for text in await until_answer(stream.transcripts()) if text.is_final]
    assert [(text.text, text.answers_finalize) for text in found] == [("Two large pizzas.", False), ("Yes please.", True)]


async def test_a_wrong_key_and_a_refused_session(fake: FakeOpenAI) -> None:
    with pytest.raises(DependencyError) as caught:
        async with provider(fake.url, key="sk-wrong").open(REQUEST):
            pass
    assert caught.value.code == "provider_unauthorised"
    request = SttRequest(AudioFormat.PCMU_8K, "en", options={"model": None})
    with pytest.raises(DependencyError) as refused:
        async with provider(fake.url).open(request):
            pass
    assert (refused.value.code, refused.value.retryable) == ("provider_refused", False)


async def test_a_redirect_is_not_followed(fake: FakeOpenAI) -> None:
    async def away(_: web.Request) -> web.Response:
        raise web.HTTPFound(f"{fake.url}/realtime?intent=transcription")

    app = web.Application()
    app.router.add_get("/v1/realtime", away)
    async with TestServer(app) as elsewhere:
        with pytest.raises(DependencyError) as caught:
            async with provider(str(elsewhere.make_url("/v1"))).open(REQUEST):
                pass
    assert caught.value.code == "provider_refused"
    assert not fake.requests


async def test_a_socket_that_does_not_drain_drops_the_oldest_audio(fake: FakeOpenAI) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        # No await in between that lets the writer run: everything waits in the queue.
        for _ in range(600):
            await stream.send(b"\xff" * 160)
        await stream.finalize()
        await until_answer(stream.transcripts())
    kept = sum(len(message["audio"]) * 3 // 4 for message in sent(fake) if message["type"] == "input_audio_buffer.append")
    assert kept == pytest.approx(80_000, abs=2), "ten seconds are kept"


@pytest.mark.blocking_allowed
async def test_the_fake_speaks_to_the_vendors_own_sdk(fake: FakeOpenAI) -> None:
    """The SDK blocks the loop while it asks the system about itself and builds its models; the platform does not use this part of it."""
    load("openai")
    from openai import AsyncOpenAI

    async with AsyncOpenAI(api_key=SECRET, base_url=fake.url, max_retries=0) as client:
        async with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
            await connection.session.update(session=json.loads(session_update("gpt-4o-transcribe", REQUEST))["session"])
            await connection.input_audio_buffer.append(audio=base64.b64encode(SPEECH).decode())
            await connection.input_audio_buffer.commit()
            async with asyncio.timeout(10):
                kinds = [(await connection.recv()).type for _ in range(5)]
    item = "conversation.item.input_audio_transcription"
    assert kinds == ["session.created", "session.updated", "input_audio_buffer.committed", f"{item}.delta", f"{item}.completed"]


def dialogue() -> TranscriptionDialogue:
    return TranscriptionDialogue("gpt-live-transcribe", REQUEST, 2.0)


def event(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "event_id": "e", **fields})


def completed(item: str, text: str) -> str:
    return event("conversation.item.input_audio_transcription.completed", item_id=item, transcript=text)


def test_items_completed_out_of_order_are_put_in_order() -> None:
    talk = dialogue()
    talk.finalize(0.0, 1000.0, 0.0)
    talk.finalize(0.5, 2000.0, 0.0)
    for item in ("a", "b"):
        talk.read(event("input_audio_buffer.committed", item_id=item), 1.0)
    assert talk.read(completed("b", "second"), 1.0) == NOTHING
    assert talk.due_s == 3.0
    found = talk.read(completed("a", "first"), 1.0).events
    assert [(text.text, text.answers_finalize, text.until_ms) for text in found] == [("first", False, 1000.0), ("second", True, 2000.0)]
    assert talk.due_s is None


def test_a_commit_that_the_vendor_calls_empty_is_answered() -> None:
    talk = dialogue()
    assert talk.finalize(0.0, 150.0, 0.0).messages
    error = event("error", error={"type": "invalid_request_error", "code": "input_audio_buffer_commit_empty", "message": "…"})
    assert talk.read(error, 0.1).events == (SETTLED,)
    assert talk.due_s is None


@pytest.mark.parametrize(
    ("message", "code", "retryable"),
    [
        (event("error", error={"type": "invalid_request_error", "code": "invalid_api_key", "message": SECRET}), "provider_unauthorised", False),
        (event("error", error={"type": "invalid_request_error", "code": "insufficient_quota", "message": ""}), "provider_unauthorised", False),
        (event("error", error={"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": ""}), "provider_rate_limited", True),
        (event("error", error={"type": "invalid_request_error", "code": "invalid_value", "message": ""}), "provider_refused", False),
        (event("error", error={"type": "invalid_request_error", "code": "session_expired", "message": ""}), "provider_disconnected", True),
        (event("error", error={"type": "server_error", "code": None, "message": ""}), "provider_failed", True),
        (event("conversation.item.input_audio_transcription.failed", item_id="a", error={"message": SECRET}), "provider_failed", True),
        ("", "provider_malformed", True),
        ("[]", "provider_malformed", True),
        ('{"type":"conversation.item.input_audio_transcription.completed"}', "provider_malformed", True),
        ('{"type":"error","error":null}', "provider_malformed", True),
    ],
)
def test_failures_are_mapped(message: str, code: str, retryable: bool) -> None:
    with pytest.raises(DependencyError) as caught:
        dialogue().read(message, 0.0)
    assert (caught.value.vendor, caught.value.code, caught.value.retryable) == ("openai", code, retryable)
    assert SECRET not in caught.value.message


def test_options_of_the_agent_extend_the_session() -> None:
    request = SttRequest(AudioFormat.PCMU_8K, "de", options={"keywords": ["Bella"], "noise_reduction": {"type": "far_field"}, "languages": None})
    audio = json.loads(session_update("gpt-live-transcribe", request))["session"]["audio"]["input"]
    assert audio["transcription"] == {"model": "gpt-live-transcribe", "keywords": ["Bella"]}
    assert audio["noise_reduction"] == {"type": "far_field"}
