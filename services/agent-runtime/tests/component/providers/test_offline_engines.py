"""Proves A2 (stt, tts) for the engines that need no network: real Moonshine, espeak-ng and flite."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from agent_runtime.providers.audio_conversion import convert
from agent_runtime.providers.ports import SttRequest, Transcript, TtsProvider, TtsRequest
from agent_runtime.providers.vendors.offline.moonshine_pool import MoonshinePool
from agent_runtime.providers.vendors.offline.stt_moonshine import MoonshineStt
from agent_runtime.providers.vendors.offline.tts_espeak import EspeakTts
from agent_runtime.providers.vendors.offline.tts_flite import FliteTts, OfflineTts, flite_path
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_audio.level import rms_dbfs
from callstage_audio.wav import read_wav
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

SPEECH = Path(__file__).parents[5] / "tests" / "speech"
SILENCE = b"\xff" * 12_000
SENTENCE = "Your order will be ready in twenty minutes."
needs_flite = pytest.mark.skipif(flite_path() is None, reason="flite is not installed")


@pytest.fixture
async def pool() -> AsyncIterator[MoonshinePool]:
    made = MoonshinePool(1)
    yield made
    await made.close()


def recording(name: str) -> bytes:
    pcm16, rate_hz = read_wav((SPEECH / f"{name}.wav").read_bytes())
    assert rate_hz == 8000
    return pcm16_to_ulaw(pcm16)


async def recognise(stt: MoonshineStt, audio: bytes, audio_format: AudioFormat = AudioFormat.PCMU_8K) -> list[Transcript]:
    found: list[Transcript] = []
    step = audio_format.size_bytes(20)
    async with asyncio.timeout(30), stt.open(SttRequest(audio_format, "en")) as stream:
        for start in range(0, len(audio), step):
            await stream.send(audio[start : start + step])
        await stream.finalize()
        async for transcript in stream.transcripts():
            found.append(transcript)
            if transcript.answers_finalize:
                break
    return found


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("order_two_pizzas", ("order", "large", "pizzas")),
        ("my_name_is_anna", ("my", "name", "anna")),
        ("opening_hours", ("opening", "hours")),
        ("yes_please", ("yes", "please")),
        ("two", ("two",)),
    ],
)
async def test_moonshine_understands_telephone_speech(pool: MoonshinePool, name: str, words: tuple[str, ...]) -> None:
    final = (await recognise(MoonshineStt(pool), SILENCE + recording(name) + SILENCE))[-1]
    assert final.is_final
    assert all(word in final.text.lower() for word in words), final.text
    assert not final.text.lower().startswith("you "), "silence around speech must not become words"


async def test_linear_audio_is_understood_too(pool: MoonshinePool) -> None:
    audio = convert(recording("opening_hours"), AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)
    assert "opening hours" in (await recognise(MoonshineStt(pool), audio, AudioFormat.PCM16_16K))[-1].text.lower()


@pytest.mark.parametrize("audio", [b"", SILENCE, b"\xff" * 480_000], ids=["nothing", "silence", "a minute of silence"])
async def test_a_finalize_without_speech_gets_an_empty_answer(pool: MoonshinePool, audio: bytes) -> None:
    assert await recognise(MoonshineStt(pool), audio) == [Transcript("", is_final=True, answers_finalize=True)]


async def test_street_noise_is_not_speech(pool: MoonshinePool) -> None:
    assert (await recognise(MoonshineStt(pool), recording("noise_street")))[-1].text == ""


async def test_each_finalize_settles_its_own_utterance(pool: MoonshinePool) -> None:
    async with asyncio.timeout(30), MoonshineStt(pool, interim_s=0).open(SttRequest(AudioFormat.PCMU_8K, "en")) as stream:
        for name in ("large", "yes_please"):
            await stream.send(recording(name))
            await stream.finalize()
        texts: list[str] = []
        async for transcript in stream.transcripts():
            texts.append(transcript.text.lower())
            if len(texts) == 2:
                break
    assert "large" in texts[0]
    assert "yes" in texts[1]


async def test_interim_texts_come_while_the_caller_speaks(pool: MoonshinePool) -> None:
    async with asyncio.timeout(30), MoonshineStt(pool, interim_s=0.5).open(SttRequest(AudioFormat.PCMU_8K, "en")) as stream:
        await stream.send(recording("order_two_pizzas"))
        async with aclosing(stream.transcripts()) as transcripts:
            first = await anext(transcripts)
    assert not first.is_final
    assert "order" in first.text.lower()


async def test_leaving_does_not_wait_for_a_decode(pool: MoonshinePool, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def decode(_: bytes) -> str:
        begun.set()
        may_end.wait(60)
        return ""

    monkeypatch.setattr(pool, "_decode", decode)
    try:
        async with asyncio.timeout(30), MoonshineStt(pool).open(SttRequest(AudioFormat.PCMU_8K, "en")) as stream:
            await stream.send(recording("order_two_pizzas"))
            await stream.finalize()
            assert await asyncio.to_thread(begun.wait, 30)
        assert not may_end.is_set()
        assert pool.is_idle
    finally:
        may_end.set()


async def audio_of(tts: TtsProvider, request: TtsRequest) -> bytes:
    return b"".join([chunk async for chunk in _chunks(tts, request)])


async def _chunks(tts: TtsProvider, request: TtsRequest) -> AsyncIterator[bytes]:
    async for chunk in tts.synthesise(request):
        assert len(chunk) % request.audio_format.sample_bytes == 0
        yield chunk


@pytest.mark.parametrize("audio_format", EspeakTts.formats)
async def test_espeak_speaks_every_format(audio_format: AudioFormat) -> None:
    audio = await audio_of(EspeakTts(), TtsRequest(SENTENCE, audio_format, "en"))
    assert 1500 < audio_format.duration_ms(len(audio)) < 4500
    assert -30 < rms_dbfs(convert(audio, audio_format, AudioFormat.PCM16_16K)) < -8


async def test_espeak_obeys_speed_voice_and_language() -> None:
    async def length(**changes: object) -> int:
        request = TtsRequest(SENTENCE, AudioFormat.PCMU_8K, **{"language": "en", **changes})  # type: ignore[arg-type]
        return len(await audio_of(EspeakTts(), request))

    normal = await length()
    assert await length(speed=2.0) < normal * 0.7
    assert await length(speed=0.5) > normal * 1.4
    german = await audio_of(EspeakTts(), TtsRequest("Guten Morgen", AudioFormat.PCMU_8K, "de-DE"))
    assert german != await audio_of(EspeakTts(), TtsRequest("Guten Morgen", AudioFormat.PCMU_8K, "en"))
    assert await length(voice="no-such-voice") == normal
    voices = await EspeakTts().voices()
    assert {"en-us", "de", "es", "en-us+f3"} <= {voice.id for voice in voices}


async def test_concurrent_sentences_do_not_mix() -> None:
    request = TtsRequest(SENTENCE, AudioFormat.PCM16_16K, "en")
    alone = await audio_of(EspeakTts(), request)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(audio_of(EspeakTts(), request)) for _ in range(6)]
    assert all(abs(len(task.result()) - len(alone)) < 4000 for task in tasks)


async def test_text_without_words_is_silence_not_an_error() -> None:
    for text in ("", "...", "\u2026 \U0001f355"):
        await audio_of(EspeakTts(), TtsRequest(text, AudioFormat.PCMU_8K, "en"))
        if (program := flite_path()) is not None:
            assert await audio_of(FliteTts(program), TtsRequest("...", AudioFormat.PCMU_8K, "en")) == b""


@needs_flite
async def test_flite_speaks_and_offline_prefers_it_for_english() -> None:
    flite = FliteTts(flite_path() or "")
    request = TtsRequest("-o " + SENTENCE, AudioFormat.PCMU_8K, "en", voice="slt")
    audio = await audio_of(flite, request)
    assert 2000 < AudioFormat.PCMU_8K.duration_ms(len(audio)) < 5000
    offline = OfflineTts(flite, EspeakTts())
    assert await audio_of(offline, request) == audio
    german = TtsRequest("Guten Morgen", AudioFormat.PCMU_8K, "de")
    assert await audio_of(offline, german) != await audio_of(flite, german)
    assert (await offline.voices())[0].id == "slt"


async def test_a_broken_program_is_a_dependency_error(tmp_path: Path) -> None:
    with pytest.raises(DependencyError) as caught:
        await audio_of(FliteTts(str(tmp_path / "flite")), TtsRequest("Hello", AudioFormat.PCMU_8K, "en"))
    assert caught.value.vendor == "flite"
    with pytest.raises(DependencyError):
        await audio_of(FliteTts("/bin/false"), TtsRequest("Hello", AudioFormat.PCMU_8K, "en"))
