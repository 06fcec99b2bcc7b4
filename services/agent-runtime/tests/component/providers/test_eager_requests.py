"""Proves X2 on the wire: one request for a prepared answer that is used, a cancelled one for one that is not; both counted."""

import asyncio
from collections.abc import Callable

from agent_runtime.conversation.answer_parts import AnswerParts, ProviderNames
from agent_runtime.conversation.eager import EagerAnswers
from agent_runtime.providers.ports import LlmDone, LlmRequest, Message, TextDelta, TtsRequest
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.settings import ProviderSettings
from callstage_domain.agent import AgentSettings, AgentSnapshot, LlmSettings, SpeechSettings, Stage
from callstage_domain.audio import AudioFormat
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.tasks import TaskScope
from callstage_testing.fakes.openai import FakeOpenAI, fixed_brain

ANSWER = "Of course. " + "One more thing. " * 40
ASK = LlmRequest("Be kind.", (Message("user", "two pizzas"),))
SNAPSHOT = AgentSnapshot(
    tenant_id=TenantId("t1"),
    agent_id=AgentId("a1"),
    deployment=1,
    settings=AgentSettings(display_name="Bella", llm=LlmSettings(provider="openai"), tts=SpeechSettings(provider="openai")),
    stages=(Stage(name="main"),),
    first_stage="main",
)


def speaking(sentence: str) -> TtsRequest:
    return TtsRequest(sentence, AudioFormat.PCM16_24K, "en")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def test_requests_cancellations_and_usage() -> None:
    async with FakeOpenAI(fixed_brain(ANSWER), ttft_s=0.02, tokens_per_s=50) as fake:
        keys = ProviderSettings(openai_api_key=fake.api_key, openai_base_url=f"{fake.base_url}/v1")  # type: ignore[arg-type]
        async with ProviderRegistry(keys) as registry, TaskScope("call") as scope:
            providers = registry.resolve(SNAPSHOT)
            parts = AnswerParts(lambda: 0.0, ProviderNames(llm="openai"))
            eager = EagerAnswers(providers, parts, "en", scope)

            def to(ending: str) -> list[str]:
                return [exchange.outcome for exchange in fake.requests if exchange.path.endswith(ending)]

            eager.begin(ASK, speaking)
            await until(lambda: to("/audio/speech") != [])
            assert to("/chat/completions") == ["open"]
            eager.drop()
            await until(lambda: to("/chat/completions") == ["client_gone"])
            [dropped] = [used for used in providers.usage.totals() if used.kind == "llm"]
            assert (dropped.provider, dropped.requests) == ("openai", 1)
            assert dropped.characters >= len("Be kind.") + len("two pizzas") + len("Of course.")

            eager.begin(ASK, speaking)
            await until(lambda: len(to("/audio/speech")) == 2)
            same_turn = LlmRequest("Be kind.", (Message("user", "Two pizzas!"),))
            events = [event async for event in eager.providers.llm.stream(same_turn)]
            assert "".join(event.text for event in events if isinstance(event, TextDelta)) == ANSWER
            assert isinstance(events[-1], LlmDone)
            audio = b"".join([chunk async for chunk in eager.providers.tts.synthesise(speaking("Of course."))])
            assert len(audio) > 0
            assert to("/chat/completions") == ["client_gone", "done"]
            assert len(to("/audio/speech")) == 2, "the prepared sentence was spoken"

            assert [event async for event in eager.providers.llm.stream(ASK)]
            assert len(to("/chat/completions")) == 3, "what was used is used up"
