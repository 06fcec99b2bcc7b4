"""Every vendor that the registry has, with a fake that speaks its wire; and how to hear one out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import LlmRequest, Message, SttRequest, SttStream, Transcript, TtsRequest
from agent_runtime.providers.settings import ProviderSettings
from agent_runtime.providers.vendor import Making, Vendor
from agent_runtime.providers.vendors.anthropic.vendor import ANTHROPIC
from agent_runtime.providers.vendors.deepgram.vendor import DEEPGRAM
from agent_runtime.providers.vendors.elevenlabs.vendor import ELEVENLABS
from agent_runtime.providers.vendors.gemini.vendor import GEMINI
from agent_runtime.providers.vendors.groq import GROQ
from agent_runtime.providers.vendors.openai.vendor import OPENAI
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_kit.tasks import in_thread
from callstage_testing.fakes.anthropic import FakeAnthropic
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.gemini import FakeGemini
from callstage_testing.fakes.gemini_speech import FakeGeminiSpeech
from callstage_testing.fakes.openai import FakeOpenAI, Reply
from callstage_testing.fakes.tones import tone_speech

SECRET = "key-of-the-test"
DEADLINES = Deadlines(2.0, 2.0, 1.5)
SPEECH = pcm16_to_ulaw(tone_speech("iwouldliketoordertwopizzas", 8000))
SILENCE = b"\xff" * 8000
TEXT = "One two three four five six seven eight nine ten."


@dataclass(frozen=True)
class Wire:
    """One kind of provider of one vendor. After `mid` items of its stream an answer has begun."""

    vendor: Vendor
    kind: str
    fake: Callable[[], Any]
    mid: int
    settings: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    first: int = 0
    """A recogniser: the item of its stream at which the session has not begun."""
    sees_malformed: bool = True
    """False: bytes of sound cannot be malformed."""
    forgives: bool = False
    """A recogniser that is allowed one silence after a finalize; its own tests say when that ends."""

    def __str__(self) -> str:
        return f"{self.kind}-{self.name or self.vendor.name}"


def _openai() -> FakeOpenAI:
    return FakeOpenAI(lambda _: Reply(text=TEXT), api_key=SECRET, transcripts=("Two large pizzas.",))


def _gemini() -> FakeGemini:
    fake = FakeGemini(api_key=SECRET)
    fake.parts = [{"text": f"{word} "} for word in TEXT.split()]
    return fake


def _deepgram() -> FakeDeepgram:
    return FakeDeepgram(("Two large pizzas.",), api_key=SECRET)


def _elevenlabs() -> FakeElevenLabs:
    return FakeElevenLabs(api_key=SECRET, transcripts=("Two large pizzas.",))


WIRES = (
    Wire(OPENAI, "llm", _openai, 3),
    Wire(OPENAI, "llm", _openai, 8, {"openai_llm_api": "responses"}, "openai-responses"),
    Wire(GROQ, "llm", _openai, 3),
    Wire(GEMINI, "llm", _gemini, 2),
    Wire(ANTHROPIC, "llm", lambda: FakeAnthropic(lambda _: Reply(text=TEXT), api_key=SECRET), 5),
    Wire(OPENAI, "tts", _openai, 2, sees_malformed=False),
    Wire(ELEVENLABS, "tts", _elevenlabs, 2, sees_malformed=False),
    Wire(DEEPGRAM, "tts", _deepgram, 2, sees_malformed=False),
    Wire(GEMINI, "tts", lambda: FakeGeminiSpeech(api_key=SECRET), 2),
    Wire(DEEPGRAM, "stt", _deepgram, 1, name="deepgram-nova", first=-1, forgives=True),
    Wire(DEEPGRAM, "stt", _deepgram, 2, {"deepgram_stt_model": "flux-general-en"}, "deepgram-flux", forgives=True),
    Wire(OPENAI, "stt", _openai, 3, first=1),
    Wire(ELEVENLABS, "stt", _elevenlabs, 2),
)
SPEAKERS = tuple(wire for wire in WIRES if wire.kind != "stt")
HEARERS = tuple(wire for wire in WIRES if wire.kind == "stt")


@asynccontextmanager
async def aclosing_pool(pool: HttpPool) -> AsyncGenerator[None, None]:
    """Closed whatever happens."""
    try:
        yield
    finally:
        await pool.close()


@asynccontextmanager
async def running(wire: Wire, *, key: str = SECRET, url: str | None = None) -> AsyncGenerator[tuple[Any, Any], None]:
    """The provider and its fake."""
    pool = HttpPool(DEADLINES, 10)
    settings = ProviderSettings(**wire.settings)
    async with wire.fake() as fake, aclosing_pool(pool):
        factory = wire.vendor.factory(wire.kind)
        assert factory is not None
        provider = factory(Making(settings, key, url or fake.url, pool, DEADLINES))
        await in_thread(provider.warm)
        yield provider, fake


def answer(wire: Wire, provider: Any) -> AsyncGenerator[Any, None]:
    """What a language model or a voice answers."""
    if wire.kind == "llm":
        return provider.stream(LlmRequest("Count.", (Message("user", "Count."),)))
    return provider.synthesise(TtsRequest(TEXT, provider.formats[0], "en"))


def request_of(provider: Any) -> SttRequest:
    """In the provider's best format."""
    return SttRequest(provider.formats[0], "en")


async def speak(stream: SttStream, audio: bytes) -> None:
    """In frames of 20 ms of the phone line."""
    for start in range(0, len(audio), 160):
        await stream.send(audio[start : start + 160])


async def until_answer(texts: AsyncIterator[Transcript]) -> list[Transcript]:
    """Every text up to the answer to a finalize."""
    found: list[Transcript] = []
    async with asyncio.timeout(20):
        async for transcript in texts:
            found.append(transcript)
            if transcript.answers_finalize:
                break
    return found


async def next_final(texts: AsyncIterator[Transcript]) -> Transcript:
    """The next settled text."""
    async with asyncio.timeout(20):
        while not (transcript := await anext(texts)).is_final:
            pass
    return transcript


async def hear(stream: SttStream) -> None:
    """Say something, ask for the text, and read up to it."""
    await speak(stream, SPEECH + SILENCE[:3200])
    await stream.finalize(200)
    await until_answer(stream.transcripts())
