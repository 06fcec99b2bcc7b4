"""Proves A2 A5 (tts, voices) on Deepgram's HTTP wire: formats, voices by language, failures, cancellation."""

from collections.abc import AsyncIterator

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import TtsRequest, Voice
from agent_runtime.providers.vendors.deepgram.tts import DeepgramTts
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.faults import Fault

SECRET = "dg-test"
TEXT = "Your order is in the oven."


@pytest.fixture
async def fake() -> AsyncIterator[FakeDeepgram]:
    async with FakeDeepgram(api_key=SECRET) as server:
        yield server


@pytest.fixture
async def tts(fake: FakeDeepgram) -> AsyncIterator[DeepgramTts]:
    pool = HttpPool(Deadlines(2.0, 2.0, 1.5), 10)
    yield DeepgramTts(SECRET, fake.url, "aura-2-apollo-en", pool)
    await pool.close()


@pytest.mark.parametrize("audio_format", list(DeepgramTts.formats))
async def test_audio_comes_in_the_line_s_format_without_a_header(fake: FakeDeepgram, tts: DeepgramTts, audio_format: AudioFormat) -> None:
    chunks = [chunk async for chunk in tts.synthesise(TtsRequest(TEXT, audio_format, "en-US", speed=2.0))]
    assert audio_format.duration_ms(sum(map(len, chunks))) == pytest.approx(len(TEXT) * 60, abs=1)
    assert all(len(chunk) % audio_format.sample_bytes == 0 for chunk in chunks)
    exchange = fake.requests[-1]
    assert exchange.query["encoding"] == ("mulaw" if audio_format is AudioFormat.PCMU_8K else "linear16")
    assert (exchange.query["sample_rate"], exchange.query["container"], exchange.query["speed"]) == (str(audio_format.rate_hz), "none", "1.5")
    assert exchange.json == {"text": TEXT}


@pytest.mark.parametrize(
    ("language", "voice", "model"),
    [
        ("en-GB", None, "aura-2-apollo-en"),
        ("es", None, "aura-2-celeste-es"),
        ("sv", None, "aura-2-apollo-en"),
        ("es", "aura-2-nestor-es", "aura-2-nestor-es"),
    ],
)
async def test_the_voice_fits_the_language(fake: FakeDeepgram, tts: DeepgramTts, language: str, voice: str | None, model: str) -> None:
    request = TtsRequest(TEXT, AudioFormat.PCMU_8K, language, voice=voice, options={"mip_opt_out": True})
    assert [chunk async for chunk in tts.synthesise(request)]
    assert (fake.requests[-1].query["model"], fake.requests[-1].query["mip_opt_out"]) == (model, "true")
    assert "speed" not in fake.requests[-1].query


async def test_voices_are_listed(fake: FakeDeepgram, tts: DeepgramTts) -> None:
    assert (await tts.voices())[1:] == [
        Voice("aura-2-apollo-en", "Apollo", "en-US", "male"),
        Voice("aura-2-celeste-es", "Celeste", "es-US", "female"),
    ]
    for fault, code in ((Fault(status=401), "provider_unauthorised"), (Fault(raw_body=b"[]"), "provider_malformed")):
        fake.faults.add(fault)
        with pytest.raises(DependencyError) as caught:
            await tts.voices()
        assert caught.value.code == code
