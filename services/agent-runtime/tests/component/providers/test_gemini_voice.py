"""Proves A2 A5 (tts, voices) on Gemini's REST wire: audio parts, silence, failures, cancellation."""

from collections.abc import AsyncIterator

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import TtsRequest
from agent_runtime.providers.vendors.gemini.tts import GeminiTts
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.gemini_speech import FakeGeminiSpeech

SECRET = "gm-test"
TEXT = "Your order is in the oven."
SPEAK = TtsRequest(TEXT, AudioFormat.PCM16_24K, "en")


@pytest.fixture
async def fake() -> AsyncIterator[FakeGeminiSpeech]:
    async with FakeGeminiSpeech(api_key=SECRET) as server:
        yield server


@pytest.fixture
async def tts(fake: FakeGeminiSpeech) -> AsyncIterator[GeminiTts]:
    pool = HttpPool(Deadlines(2.0, 2.0, 1.5), 10)
    made = GeminiTts(SECRET, fake.url, "gemini-3.8-flash-lite-tts", "Kore", pool)
    made.warm()
    yield made
    await pool.close()


async def test_speech_is_whole_samples_of_24_khz(fake: FakeGeminiSpeech, tts: GeminiTts) -> None:
    chunks = [chunk async for chunk in tts.synthesise(SPEAK)]
    assert len(chunks) > 4
    assert all(len(chunk) % 2 == 0 for chunk in chunks)
    assert AudioFormat.PCM16_24K.duration_ms(sum(map(len, chunks))) == pytest.approx(len(TEXT) * 60, abs=1)
    exchange = fake.requests[-1]
    assert exchange.path == "/v1beta/models/gemini-3.8-flash-lite-tts:streamGenerateContent"
    assert exchange.headers["x-goog-api-key"] == SECRET
    assert exchange.json["contents"][0]["parts"] == [{"text": TEXT}]
    _ = [chunk async for chunk in tts.synthesise(TtsRequest(TEXT, AudioFormat.PCM16_24K, "en", voice="Puck", options={"seed": 7}))]
    config = fake.requests[-1].json["generationConfig"]
    assert config["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"] == "Puck"
    assert config["seed"] == 7


async def test_voices_are_known() -> None:
    pool = HttpPool(Deadlines(), 10)
    voices = await GeminiTts(SECRET, "http://127.0.0.1:9", "m", "Kore", pool).voices()
    assert len({voice.id for voice in voices}) == 30
    assert {voice.gender for voice in voices} == {"female", "male"}


async def test_a_stream_without_a_sound_is_a_failure(fake: FakeGeminiSpeech, tts: GeminiTts) -> None:
    fake.is_silent = True
    with pytest.raises(DependencyError) as caught:
        _ = [chunk async for chunk in tts.synthesise(SPEAK)]
    assert (caught.value.phase, caught.value.code, caught.value.retryable) == ("first_byte", "provider_failed", True)
