"""Proves A2 A5 (tts, voices) on ElevenLabs' HTTP wire: formats, voices, failures, cancellation."""

from collections.abc import AsyncIterator

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import TtsRequest
from agent_runtime.providers.vendors.elevenlabs.tts import ElevenLabsTts
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.faults import Fault

SECRET = "el-test"
TEXT = "Your order is in the oven."


@pytest.fixture
async def fake() -> AsyncIterator[FakeElevenLabs]:
    async with FakeElevenLabs(api_key=SECRET) as server:
        yield server


@pytest.fixture
async def tts(fake: FakeElevenLabs) -> AsyncIterator[ElevenLabsTts]:
    pool = HttpPool(Deadlines(2.0, 2.0, 1.5), 10)
    yield ElevenLabsTts(SECRET, fake.url, "eleven_flash_v2_5", "rachel", pool)
    await pool.close()


@pytest.mark.parametrize(
    ("audio_format", "wire"), [(AudioFormat.PCMU_8K, "ulaw_8000"), (AudioFormat.PCM16_16K, "pcm_16000"), (AudioFormat.PCM16_24K, "pcm_24000")]
)
async def test_audio_comes_in_the_line_s_format(fake: FakeElevenLabs, tts: ElevenLabsTts, audio_format: AudioFormat, wire: str) -> None:
    chunks = [chunk async for chunk in tts.synthesise(TtsRequest(TEXT, audio_format, "en-US", voice="adam", speed=2.0))]
    assert audio_format.duration_ms(sum(map(len, chunks))) == pytest.approx(len(TEXT) * 60, abs=1)
    assert all(len(chunk) % audio_format.sample_bytes == 0 for chunk in chunks)
    exchange = fake.requests[-1]
    assert (exchange.path, exchange.query["output_format"]) == ("/v1/text-to-speech/adam/stream", wire)
    assert exchange.json == {"text": TEXT, "model_id": "eleven_flash_v2_5", "language_code": "en", "voice_settings": {"speed": 1.2}}


async def test_voices_are_listed(fake: FakeElevenLabs, tts: ElevenLabsTts) -> None:
    assert [voice.id for voice in await tts.voices()] == ["rachel", "adam"]
    fake.faults.add(Fault(status=401))
    with pytest.raises(DependencyError) as caught:
        await tts.voices()
    assert caught.value.code == "provider_unauthorised"
