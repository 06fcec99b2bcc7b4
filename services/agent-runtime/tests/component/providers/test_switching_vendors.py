"""Proves A2 (fallback) over the vendors' own wires: a switch in the middle of a turn, hedging, and what it cost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from agent_runtime.providers.ports import (
    LlmDone,
    LlmRequest,
    Message,
    ProviderSet,
    Served,
    SttRequest,
    TextDelta,
    ToolCallRequest,
    ToolSpec,
    TtsRequest,
)
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.settings import ProviderSettings
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_domain.agent import AgentSettings, AgentSnapshot, FallbackChoice, LlmSettings, SpeechSettings, Stage
from callstage_domain.audio import AudioFormat
from callstage_domain.ids import AgentId, TenantId
from callstage_testing.fakes.anthropic import FakeAnthropic
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.openai import FakeOpenAI, Reply, ToolCall
from callstage_testing.fakes.tones import tone_speech
from callstage_testing.virtual_time import in_virtual_time

# SDKs build their models when they are first used; on a busy machine that takes longer than a callback of ours may.
pytestmark = pytest.mark.blocking_allowed

ULAW = AudioFormat.PCMU_8K
WHOLE = "Your order is ready and will be there at five."
ORDER = ToolSpec("order", "Order it.", {"type": "object", "properties": {}})


def snapshot() -> AgentSnapshot:
    settings = AgentSettings(
        display_name="Bella",
        llm=LlmSettings(provider="openai", model="gpt-4.1-mini", fallbacks=(FallbackChoice(provider="anthropic", model="claude-haiku-5-5"),)),
        stt=SpeechSettings(provider="deepgram", fallbacks=(FallbackChoice(provider="elevenlabs"),)),
        tts=SpeechSettings(provider="elevenlabs", fallbacks=(FallbackChoice(provider="openai", voice="ash"),)),
    )
    stages = (Stage(name="main"),)
    return AgentSnapshot(tenant_id=TenantId("t1"), agent_id=AgentId("a1"), deployment=1, settings=settings, stages=stages, first_stage="main")


class Vendors:
    """The four fakes, and what an agent gets of them."""

    def __init__(self, openai: FakeOpenAI, anthropic: FakeAnthropic, elevenlabs: FakeElevenLabs, deepgram: FakeDeepgram) -> None:
        self.openai = openai
        self.anthropic = anthropic
        self.elevenlabs = elevenlabs
        self.deepgram = deepgram
        self.providers: ProviderSet


@asynccontextmanager
async def vendors(**settings: Any) -> AsyncGenerator[Vendors, None]:
    async with AsyncExitStack() as stack:
        fakes = {
            "openai": FakeOpenAI(api_key="k"),
            "anthropic": FakeAnthropic(api_key="k"),
            "elevenlabs": FakeElevenLabs(api_key="k", transcripts=("Two large pizzas.",)),
            "deepgram": FakeDeepgram(api_key="k"),
        }
        for name, fake in fakes.items():
            await stack.enter_async_context(fake)
            settings |= {f"{name}_api_key": "k", f"{name}_base_url": fake.url}
        registry = await stack.enter_async_context(ProviderRegistry(ProviderSettings(**settings)))
        made = Vendors(**fakes)  # type: ignore[arg-type]
        made.providers = registry.resolve(snapshot())
        yield made


def ask(served: list[Served]) -> LlmRequest:
    return LlmRequest("Be brief.", (Message("user", "When is it ready?"),), (ORDER,), model="gpt-4.1-mini", on_served=served.append)


@in_virtual_time
async def test_a_model_that_dies_in_mid_answer_is_gone_on_with_by_another() -> None:
    served: list[Served] = []
    async with vendors() as made:
        made.openai.reply = lambda _: Reply(text=WHOLE)
        made.openai.faults.add(Fault(disconnect_after=5))
        made.anthropic.reply = lambda body: Reply(text=WHOLE.removeprefix(body["messages"][-2]["content"][0]["text"]).strip())
        events = [event async for event in made.providers.llm.stream(ask(served))]
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == WHOLE
        assert isinstance(events[-1], LlmDone)
        said = made.anthropic.requests[-1].json["messages"][-2]
        assert said["role"] == "assistant"
        assert served == [Served("openai", "gpt-4.1-mini"), Served("anthropic", "claude-haiku-5-5")]
        usage = made.providers.usage.totals()
        assert [(used.provider, used.model, used.output_tokens > 0) for used in usage] == [("anthropic", "claude-haiku-5-5", True)]


@in_virtual_time
async def test_a_model_whose_first_word_stalls_is_overtaken_and_hung_up_on() -> None:
    served: list[Served] = []
    async with vendors(llm_hedge_ceiling_s=1.5) as made:
        call = ToolCall("order", {"dish": "pizza"}, "c1")
        made.openai.reply = lambda _: Reply(tool_calls=(call,), ttft_s=4.0)
        made.anthropic.reply = lambda _: Reply(tool_calls=(call,))
        began = asyncio.get_running_loop().time()
        events = [event async for event in made.providers.llm.stream(ask(served))]
        assert asyncio.get_running_loop().time() - began < 2.0
        assert len([event for event in events if isinstance(event, ToolCallRequest)]) == 1, "both wanted the tool, one of them counts"
        assert served == [Served("anthropic", "claude-haiku-5-5", is_hedged=True)]
        async with asyncio.timeout(3):
            while made.openai.requests[-1].outcome == "open":
                await asyncio.sleep(0.01)
        assert made.openai.requests[-1].outcome == "client_gone"


@in_virtual_time
async def test_a_voice_that_dies_in_mid_sentence_is_relieved_by_another() -> None:
    served: list[Served] = []
    async with vendors() as made:
        tts = made.providers.tts
        request = TtsRequest(WHOLE, ULAW, "en", voice="rachel", on_served=served.append)
        _ = [chunk async for chunk in tts.synthesise(request)]
        made.elevenlabs.faults.add(Fault(disconnect_after=6))
        audio = b"".join([chunk async for chunk in tts.synthesise(request)])
        rest = made.openai.requests[-1].json
        assert rest["voice"] == "ash"
        assert WHOLE.endswith(rest["input"])
        assert 10 < len(rest["input"]) < len(WHOLE) - 10
        spoken = ULAW.duration_ms(len(audio)) / 60
        assert len(WHOLE) - 1 <= spoken <= len(WHOLE) + 8, "the whole sentence, a word twice at most"
        assert [by.provider for by in served] == ["elevenlabs", "elevenlabs", "openai"]
        assert {used.provider: used.characters for used in made.providers.usage.totals()} == {
            "elevenlabs": 2 * len(WHOLE),
            "openai": len(rest["input"]),
        }


@in_virtual_time
async def test_a_recogniser_that_dies_in_mid_utterance_is_relieved_with_the_audio() -> None:
    served: list[Served] = []
    speech = pcm16_to_ulaw(tone_speech("iwouldliketoordertwopizzas", 8000))
    async with vendors() as made:
        made.deepgram.faults.add(Fault(disconnect_after=1))
        async with made.providers.stt.open(SttRequest(ULAW, "en", on_served=served.append)) as stream:
            for start in range(0, len(speech), 160):
                await stream.send(speech[start : start + 160])
            await stream.finalize(200)
            async with asyncio.timeout(20):
                texts = stream.transcripts()
                while not (text := await anext(texts)).answers_finalize:
                    pass
        assert text.text == "Two large pizzas."
        assert [by.provider for by in served] == ["deepgram", "elevenlabs"]
        seconds = {used.provider: used.audio_s for used in made.providers.usage.totals()}
        assert round(seconds["elevenlabs"], 2) == round(ULAW.duration_ms(len(speech)) / 1000, 2)
