"""Proves A2 (stt) on ElevenLabs' realtime transcription wire: query, partial and committed texts, failures, cancellation."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_dialogue import SETTLED
from agent_runtime.providers.vendors.elevenlabs.scribe import ScribeDialogue, realtime_url
from agent_runtime.providers.vendors.elevenlabs.stt import ElevenLabsStt
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.tones import tone_speech
from wires import SILENCE, SPEECH, speak, until_answer

SECRET = "el-test"
REQUEST = SttRequest(AudioFormat.PCMU_8K, "en-US")


@pytest.fixture
async def fake() -> AsyncIterator[FakeElevenLabs]:
    async with FakeElevenLabs(transcripts=("Two large pizzas.", "Yes please."), api_key=SECRET) as server:
        yield server


def provider(base_url: str, *, key: str = SECRET, finalize_wait_s: float = 1.0) -> ElevenLabsStt:
    return ElevenLabsStt(key, base_url, "scribe_v2_realtime", Deadlines(2.0, 2.0, 2.0), finalize_wait_s=finalize_wait_s)


def sent(fake: FakeElevenLabs) -> list[dict[str, Any]]:
    return [json.loads(message["text"]) for message in fake.requests[-1].messages]


async def test_speech_is_settled_by_a_commit_turn_after_turn(fake: FakeElevenLabs) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        texts = stream.transcripts()
        await speak(stream, SPEECH)
        await stream.finalize(200)
        first = await until_answer(texts)
        await speak(stream, SILENCE + SPEECH)
        await stream.finalize(200)
        second = await until_answer(texts)
    assert first[-1] == Transcript("Two large pizzas.", is_final=True, answers_finalize=True)
    assert any(not text.is_final and "Two large pizzas.".startswith(text.text) for text in first)
    assert second[-1] == Transcript("Yes please.", is_final=True, answers_finalize=True)
    assert second[-1].until_ms == pytest.approx((2 * len(SPEECH) + len(SILENCE)) / 8)
    exchange = fake.requests[-1]
    assert exchange.path == "/v1/speech-to-text/realtime"
    assert exchange.headers["xi-api-key"] == SECRET
    assert exchange.query == {"model_id": "scribe_v2_realtime", "audio_format": "ulaw_8000", "language_code": "en", "commit_strategy": "manual"}
    assert sent(fake)[-1] == {"message_type": "input_audio_chunk", "audio_base_64": "", "commit": True, "sample_rate": 8000}


async def test_linear_audio_works_too(fake: FakeElevenLabs) -> None:
    async with provider(fake.url).open(SttRequest(AudioFormat.PCM16_16K, "en")) as stream:
        await stream.send(tone_speech("hellohello", 16_000))
        await stream.finalize()
        assert (await until_answer(stream.transcripts()))[-1].text == "Two large pizzas."
    assert fake.requests[-1].query["audio_format"] == "pcm_16000"


async def test_nothing_new_needs_no_commit_and_silence_gets_an_empty_answer(fake: FakeElevenLabs) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        texts = stream.transcripts()
        await stream.finalize()
        assert await until_answer(texts) == [SETTLED]
        await speak(stream, SILENCE)
        await stream.finalize()
        assert await until_answer(texts) == [SETTLED]
    assert [message["commit"] for message in sent(fake)].count(True) == 1


async def test_silence_that_is_not_answered_is_forgiven_once(fake: FakeElevenLabs) -> None:
    fake.answers_silence = False
    async with provider(fake.url, finalize_wait_s=0.1).open(REQUEST) as stream:
        texts = stream.transcripts()
        await speak(stream, SILENCE)
        await stream.finalize()
        assert await until_answer(texts) == [SETTLED]
        await speak(stream, SILENCE)
        await stream.finalize()
        with pytest.raises(DependencyError) as caught:
            await until_answer(texts)
    assert (caught.value.vendor, caught.value.phase, caught.value.code) == ("elevenlabs", "stream", "provider_timeout")


@pytest.mark.parametrize(
    ("kind", "code", "retryable"),
    [
        ("auth_error", "provider_unauthorised", False),
        ("quota_exceeded", "provider_unauthorised", False),
        ("unaccepted_terms", "provider_unauthorised", False),
        ("rate_limited", "provider_rate_limited", True),
        ("queue_overflow", "provider_rate_limited", True),
        ("resource_exhausted", "provider_failed", True),
        ("transcriber_error", "provider_failed", True),
        ("error", "provider_failed", True),
        ("input_error", "provider_refused", False),
        ("session_time_limit_exceeded", "provider_disconnected", True),
        ("insufficient_audio_activity", "provider_disconnected", True),
        ("partial_transcript", "provider_malformed", True),
    ],
)
def test_failures_are_mapped(kind: str, code: str, retryable: bool) -> None:
    with pytest.raises(DependencyError) as caught:
        ScribeDialogue(AudioFormat.PCMU_8K, 2.0).read(json.dumps({"message_type": kind, "error": SECRET}), 0.0)
    assert (caught.value.vendor, caught.value.code, caught.value.retryable) == ("elevenlabs", code, retryable)
    assert SECRET not in caught.value.message


def test_a_throttled_commit_is_answered_and_an_unasked_one_is_not() -> None:
    talk = ScribeDialogue(AudioFormat.PCMU_8K, 2.0)
    assert talk.read('{"message_type":"committed_transcript","text":"Hello."}', 0.0).events == (Transcript("Hello.", is_final=True),)
    talk.finalize(0.0, 400.0, 0.0)
    assert talk.read('{"message_type":"commit_throttled","error":""}', 0.1).events == (SETTLED,)
    assert talk.due_s is None
    assert not talk.read('{"message_type":"warning","warning":""}', 0.2).events


def test_options_of_the_agent_extend_the_query() -> None:
    request = SttRequest(AudioFormat.PCMU_8K, "de", options={"keyterms": ["Bella", "Pizza"], "no_verbatim": True, "commit_strategy": "vad"})
    url = realtime_url("https://api.elevenlabs.io/", "scribe_v2_realtime", request)
    assert url.startswith("wss://api.elevenlabs.io/v1/speech-to-text/realtime?model_id=scribe_v2_realtime&audio_format=ulaw_8000&language_code=de")
    assert "keyterms=Bella&keyterms=Pizza&no_verbatim=true" in url
    assert "commit_strategy=manual" in url
