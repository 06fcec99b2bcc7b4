"""Proves A2 (tts) for the word times of ElevenLabs' `with-timestamps` wire, alone and through a chain that converts."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.fallback import Link, TtsChain
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import SpokenWord, TtsRequest
from agent_runtime.providers.vendors.elevenlabs.tts import ElevenLabsTts
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.faults import Fault

TEXT = "Your order is in the oven."


@pytest.fixture
async def fake() -> AsyncIterator[FakeElevenLabs]:
    async with FakeElevenLabs(api_key="k") as server:
        yield server


@pytest.fixture
async def tts(fake: FakeElevenLabs) -> AsyncIterator[ElevenLabsTts]:
    pool = HttpPool(Deadlines(2.0, 2.0, 1.5), 10)
    yield ElevenLabsTts("k", fake.url, "eleven_flash_v2_5", "rachel", pool)
    await pool.close()


@pytest.mark.parametrize("times_restart", [False, True], ids=["times of the sentence", "times of the chunk"])
@pytest.mark.parametrize("audio_format", [AudioFormat.PCMU_8K, AudioFormat.PCM16_8K])
async def test_words_come_with_their_audio(fake: FakeElevenLabs, tts: ElevenLabsTts, times_restart: bool, audio_format: AudioFormat) -> None:
    fake.times_restart = times_restart
    words: list[SpokenWord] = []
    request = TtsRequest(TEXT, audio_format, "en", on_words=lambda found: words.extend(found))
    audio = b"".join([chunk async for chunk in TtsChain([Link(tts)]).synthesise(request)])
    assert audio_format.duration_ms(len(audio)) == pytest.approx(len(TEXT) * 60, abs=5)
    assert [word.text for word in words] == TEXT.split()
    for word in words:
        begin = TEXT.index(word.text)
        assert word.start_ms == pytest.approx(begin * 60, abs=1)
        assert word.end_ms == pytest.approx((begin + len(word.text)) * 60, abs=1)
        assert TEXT[: word.until_character].endswith(word.text)
    assert fake.requests[-1].path == "/v1/text-to-speech/rachel/stream/with-timestamps"


@pytest.mark.parametrize(
    ("fault", "phase", "code"),
    [
        (Fault(status=401), "connect", "provider_unauthorised"),
        (Fault(disconnect_after=2), "stream", "provider_disconnected"),
        (Fault(stall_after=0), "first_byte", "provider_timeout"),
        (Fault(malformed_after=0), "first_byte", "provider_malformed"),
        (Fault(malformed_after=2), "stream", "provider_malformed"),
    ],
    ids=["401", "disconnect", "stall", "malformed-first", "malformed-middle"],
)
async def test_failures_name_their_phase(fake: FakeElevenLabs, tts: ElevenLabsTts, fault: Fault, phase: str, code: str) -> None:
    fake.faults.add(fault)
    with pytest.raises(DependencyError) as caught:
        _ = [chunk async for chunk in tts.synthesise(TtsRequest(TEXT, AudioFormat.PCMU_8K, "en", on_words=lambda _: None))]
    assert (caught.value.phase, caught.value.code) == (phase, code)


async def test_closing_is_quick(fake: FakeElevenLabs, tts: ElevenLabsTts) -> None:
    fake.speed = 1.0
    async with aclosing(tts.synthesise(TtsRequest(TEXT * 5, AudioFormat.PCMU_8K, "en", on_words=lambda _: None))) as chunks:
        assert await anext(chunks)
        started = time.monotonic()
    assert time.monotonic() - started < 3
