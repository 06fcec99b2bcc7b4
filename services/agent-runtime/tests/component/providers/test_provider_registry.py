"""Proves A2 A5 T7: which provider a conversation gets, and what answers when one fails."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from agent_runtime.providers.ports import LlmDone, LlmRequest, Message, SttRequest, TextDelta, TtsRequest
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.settings import ProviderSettings
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_contracts.buckets import ProviderKey, provider_aad
from callstage_domain.agent import AgentSettings, AgentSnapshot, FallbackChoice, LlmSettings, SpeechSettings, Stage
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import CallerError, DependencyError
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.crypto import SecretBox
from callstage_testing.fakes.anthropic import FakeAnthropic
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.gemini_speech import FakeGeminiSpeech
from callstage_testing.fakes.openai import FakeOpenAI
from callstage_testing.fakes.tones import tone_speech

TENANT = TenantId("t1")
ASK = LlmRequest("Your name is Bella.", (Message("user", "Hello"),), model="gpt-4.1-mini")
SPEAK = TtsRequest("Your order is ready.", AudioFormat.PCMU_8K, "en", voice="rachel")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in ("OPENAI", "GROQ", "GEMINI", "ANTHROPIC", "DEEPGRAM", "ELEVENLABS"):
        monkeypatch.delenv(f"{vendor}_API_KEY", raising=False)
        monkeypatch.delenv(f"{vendor}_BASE_URL", raising=False)


def snapshot(*, stt: str | None = None, llm: str | None = None, tts: str | None = None) -> AgentSnapshot:
    settings = AgentSettings(display_name="Bella", llm=LlmSettings(provider=llm), stt=SpeechSettings(provider=stt), tts=SpeechSettings(provider=tts))
    return AgentSnapshot(tenant_id=TENANT, agent_id=AgentId("a1"), deployment=1, settings=settings, stages=(Stage(name="main"),), first_stage="main")


def registry(**values: Any) -> ProviderRegistry:
    return ProviderRegistry(ProviderSettings(provider_connect_timeout_s=0.5, provider_first_byte_timeout_s=0.5, provider_gap_timeout_s=0.3, **values))


def names(chain: Any) -> list[str]:
    return [link.provider.name for link in chain.links]


async def spoken(made: ProviderRegistry, request: LlmRequest = ASK) -> str:
    events = [event async for event in made.resolve(snapshot()).llm.stream(request)]
    assert isinstance(events[-1], LlmDone)
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_without_keys_everything_is_offline() -> None:
    async with registry() as made:
        found = made.resolve(snapshot())
    assert (found.stt.name, found.llm.name, found.tts.name) == ("moonshine", "offline-brain", "offline")


async def test_keys_in_the_environment_turn_vendors_on_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GROQ_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY", "DEEPGRAM_API_KEY", "ELEVENLABS_API_KEY"):
        monkeypatch.setenv(name, "k")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    async with registry() as made:
        found = made.resolve(snapshot())
        assert names(found.stt) == ["deepgram", "openai", "elevenlabs", "moonshine"]
        assert found.stt.formats == (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)
        assert names(made.resolve(snapshot(stt="elevenlabs")).stt) == ["elevenlabs", "deepgram", "openai", "moonshine"]
        assert names(found.llm) == ["openai", "groq", "gemini", "anthropic", "offline-brain"]
        assert names(found.tts) == ["elevenlabs", "openai", "deepgram", "gemini", "offline"]
        assert names(made.resolve(snapshot(llm="gemini")).llm) == ["gemini", "openai", "groq", "anthropic", "offline-brain"]
        assert names(made.resolve(snapshot(llm="offline", tts="espeak")).tts) == ["espeak"]
    async with registry(offline_fallback=False, default_llm="groq") as made:
        assert names(made.resolve(snapshot()).llm) == ["groq", "openai", "gemini", "anthropic"]
    assert ProviderSettings().openai_base_url == "http://127.0.0.1:9/v1"


async def test_an_unknown_or_keyless_choice_is_refused() -> None:
    async with registry() as made:
        for choice in ({"llm": "openai"}, {"llm": "martian"}, {"stt": "deepgram"}, {"tts": "offline-brain"}):
            with pytest.raises(CallerError) as caught:
                made.resolve(snapshot(**choice))
            assert caught.value.code == "provider_missing"
            assert caught.value.details["field"] == f"{next(iter(choice))}.provider"
    async with registry(offline_fallback=False) as made:
        with pytest.raises(CallerError):
            made.resolve(snapshot())


async def test_the_tenants_own_key_comes_first() -> None:
    box = SecretBox({"k": b"0" * 32})
    sealed = box.seal("sk-tenant", provider_aad(TENANT, "openai"))
    keys = {"t1.openai": ProviderKey(tenant_id=TENANT, provider="openai", api_key_sealed=sealed)}
    async with FakeOpenAI(api_key="sk-tenant") as fake:
        settings = ProviderSettings(groq_api_key="platform", openai_base_url=fake.url, default_llm="groq")  # type: ignore[arg-type]
        async with ProviderRegistry(settings, keys, box) as made:
            chain = made.resolve(snapshot()).llm
            assert names(chain) == ["openai", "groq", "offline-brain"]
            assert await spoken(made) == "Of course, I can help you with that. What is your order number?"
            assert fake.requests[-1].headers["authorization"] == "Bearer sk-tenant"
            other = snapshot().model_copy(update={"tenant_id": TenantId("t2")})
            assert names(made.resolve(other).llm) == ["groq", "offline-brain"]


async def test_a_key_that_does_not_open_is_as_good_as_none() -> None:
    box = SecretBox({"k": b"0" * 32})
    moved = box.seal("sk-tenant", provider_aad("t2", "openai"))
    keys = {"t1.openai": ProviderKey(tenant_id=TENANT, provider="openai", api_key_sealed=moved)}
    async with ProviderRegistry(ProviderSettings(), keys, box) as made:
        assert names(made.resolve(snapshot()).llm) == ["offline-brain"]


async def test_the_next_language_model_answers_and_the_failing_one_rests() -> None:
    async with FakeOpenAI(api_key="k") as fake:
        fake.faults.add(Fault(status=503), times=None)
        async with registry(openai_api_key="k", openai_base_url=fake.url) as made:
            for _ in range(4):
                assert (await spoken(made)).startswith("Hello.")
            assert len(fake.requests) == 3, "the breaker opens after three failures"
            assert made.health()["llm"]["openai"] == {"is_configured": True, "is_resting": True, "last_error": "provider_failed"}
            assert made.health()["llm"]["groq"]["is_configured"] is False


async def test_the_agents_own_list_replaces_the_platforms_order() -> None:
    keys = {f"{vendor}_api_key": "k" for vendor in ("openai", "groq", "gemini", "anthropic", "elevenlabs", "deepgram")}
    wishes = (FallbackChoice(provider="anthropic", model="claude"), FallbackChoice(provider="martian"), FallbackChoice(provider="openai", model="m"))
    async with registry(**keys) as made:
        agent = snapshot(llm="openai")
        wished = agent.settings.model_copy(update={"llm": LlmSettings(provider="openai", fallbacks=wishes), "tts": SpeechSettings(fallbacks=())})
        found = made.resolve(agent.model_copy(update={"settings": wished}))
        assert names(found.llm) == ["openai", "anthropic", "openai"], "what has no key here is passed over"
        assert [link.choice.model for link in found.llm.links] == [None, "claude", "m"]  # type: ignore[attr-defined]
        first, _, third = found.llm.links  # type: ignore[attr-defined]
        assert first.breaker is third.breaker, "a key that is refused is refused for every model"
        assert names(found.tts) == ["elevenlabs"], "no fallback is wanted"
        assert names(found.stt)[-1] == "moonshine"


async def test_an_offline_engine_does_not_stand_in_for_a_language_that_it_lacks() -> None:
    async with registry(deepgram_api_key="k", openai_api_key="k") as made:
        german = snapshot().model_copy(update={"settings": snapshot().settings.model_copy(update={"language": "de-DE"})})
        found = made.resolve(german)
        assert (names(found.stt), names(found.llm)) == (["deepgram", "openai"], ["openai"])
        assert names(found.tts) == ["openai", "deepgram", "offline"], "all of them speak it"
        swedish = snapshot().model_copy(update={"settings": snapshot().settings.model_copy(update={"language": "sv"})})
        assert names(made.resolve(swedish).tts) == ["openai", "offline"], "Aura does not"
    async with registry() as made:
        assert names(made.resolve(german).stt) == ["moonshine"], "without any key it is all there is"


async def test_the_next_voice_speaks_in_the_same_format() -> None:
    async with FakeElevenLabs(api_key="k") as eleven, FakeOpenAI(api_key="k") as openai:
        eleven.faults.add(Fault(status=500), times=None)
        async with registry(elevenlabs_api_key="k", elevenlabs_base_url=eleven.url, openai_api_key="k", openai_base_url=openai.url) as made:
            tts = made.resolve(snapshot()).tts
            audio = b"".join([chunk async for chunk in tts.synthesise(SPEAK)])
            assert AudioFormat.PCMU_8K.duration_ms(len(audio)) == pytest.approx(len(SPEAK.text) * 60, abs=5)
            assert openai.requests[-1].json["voice"] == "marin", "a voice of the first vendor means nothing to the second"
            openai.faults.add(Fault(status=500), times=None)
            assert b"".join([chunk async for chunk in tts.synthesise(SPEAK)])


async def test_recognition_moves_to_the_next_vendor_with_the_unsettled_audio() -> None:
    async with FakeDeepgram(api_key="k") as fake:
        fake.faults.add(Fault(disconnect_after=1))
        async with registry(deepgram_api_key="k", deepgram_base_url=fake.url) as made:
            first, backup = FakeDeepgram(("Two large pizzas.",), api_key="k"), made.resolve(snapshot()).stt
            assert backup.formats == (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)
            async with first, ProviderRegistry(ProviderSettings(deepgram_api_key="k", deepgram_base_url=first.url)) as second:  # type: ignore[arg-type]
                chain = type(made.resolve(snapshot()).stt)([*backup.links, *second.resolve(snapshot()).stt.links][::2])  # type: ignore[attr-defined]
                async with chain.open(SttRequest(AudioFormat.PCMU_8K, "en")) as stream:
                    speech = pcm16_to_ulaw(tone_speech("twolargepizzasplease", 8000))
                    for start in range(0, len(speech), 160):
                        await stream.send(speech[start : start + 160])
                    await stream.finalize()
                    async with asyncio.timeout(20):
                        texts = [text async for text in _until_answer(stream)]
                assert texts[-1].text == "Two large pizzas."
                assert first.requests[-1].binary_bytes == len(speech)


async def _until_answer(stream: Any) -> AsyncIterator[Any]:
    async for transcript in stream.transcripts():
        yield transcript
        if transcript.answers_finalize:
            return


async def test_recognition_is_offline_when_the_vendor_refuses() -> None:
    async with FakeDeepgram(api_key="other") as fake:
        async with registry(deepgram_api_key="k", deepgram_base_url=fake.url) as made:
            async with made.resolve(snapshot()).stt.open(SttRequest(AudioFormat.PCMU_8K, "en")) as stream:
                await stream.finalize()
                texts = [text async for text in _until_answer(stream)]
    assert [text.text for text in texts] == [""]


async def test_warm_up_loads_what_calls_will_use() -> None:
    async with registry(openai_api_key="k", openai_base_url="http://127.0.0.1:9/v1") as made:
        await made.warm_up()
        assert made.resolve(snapshot()).llm.name == "openai"
        assert made.health()["stt"]["offline"]["last_error"] is None


def test_importing_the_registry_imports_no_sdk() -> None:
    heavy = ("openai", "google.genai", "moonshine_voice", "websockets", "httpx2")
    code = f"import sys, agent_runtime.providers.registry; print([module for module in {heavy} if module in sys.modules])"
    output = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"
    assert output.stderr == ""


async def test_a_recogniser_that_breaks_hands_its_audio_to_the_next_vendor() -> None:
    speech = pcm16_to_ulaw(tone_speech("iwouldliketoordertwopizzas", 8000))
    async with FakeOpenAI(api_key="k") as first, FakeElevenLabs(api_key="k", transcripts=("Two large pizzas.",)) as second:
        first.faults.add(Fault(disconnect_after=3))
        keys = {"openai_api_key": "k", "openai_base_url": first.url, "elevenlabs_api_key": "k", "elevenlabs_base_url": second.url}
        async with registry(**keys) as made, made.resolve(snapshot()).stt.open(SttRequest(AudioFormat.PCMU_8K, "en")) as stream:
            for start in range(0, len(speech), 160):
                await stream.send(speech[start : start + 160])
            await stream.finalize(200)
            async with asyncio.timeout(20):
                texts = stream.transcripts()
                while not (text := await anext(texts)).answers_finalize:
                    pass
        assert text.text == "Two large pizzas."
        assert [exchange.path for exchange in (*first.requests, *second.requests)] == ["/v1/realtime", "/v1/speech-to-text/realtime"]


async def test_every_vendor_answers_through_the_registry() -> None:
    async with FakeAnthropic(api_key="k") as claude, FakeOpenAI(api_key="k") as openai, FakeDeepgram(api_key="k") as deepgram:
        async with FakeGeminiSpeech(api_key="k") as gemini:
            keys = {"openai": openai.url, "anthropic": claude.url, "deepgram": deepgram.url, "gemini": gemini.url}
            values = {f"{name}_api_key": "k" for name in keys} | {f"{name}_base_url": url for name, url in keys.items()}
            async with registry(openai_llm_api="responses", offline_fallback=False, **values) as made:
                for vendor, path in (("anthropic", "/v1/messages"), ("openai", "/v1/responses")):
                    events = [event async for event in made.resolve(snapshot(llm=vendor)).llm.stream(LlmRequest("", ASK.messages))]
                    assert isinstance(events[-1], LlmDone)
                    assert (claude if vendor == "anthropic" else openai).requests[-1].path == path
                for vendor in ("deepgram", "gemini", "openai"):
                    audio = b"".join([chunk async for chunk in made.resolve(snapshot(tts=vendor)).tts.synthesise(replace(SPEAK, voice=None))])
                    assert AudioFormat.PCMU_8K.duration_ms(len(audio)) == pytest.approx(len(SPEAK.text) * 60, abs=5)
                assert [len(fake.requests) for fake in (deepgram, gemini)] == [1, 1]


OWN = {"llm": "openai", "stt": "deepgram", "tts": "elevenlabs"}


def at_own_addresses(urls: dict[str, str], egress_allow: str) -> ProviderRegistry:
    """A tenant with keys of its own at addresses of its own; the platform has none."""
    box = SecretBox({"k": b"0" * 32})
    keys = {
        f"t1.{vendor}": ProviderKey(tenant_id=TENANT, provider=vendor, api_key_sealed=box.seal("k", provider_aad(TENANT, vendor)), base_url=url)
        for vendor, url in urls.items()
    }
    settings = ProviderSettings(egress_allow=egress_allow, offline_fallback=False, provider_connect_timeout_s=0.5)
    return ProviderRegistry(settings, keys, box)


async def test_a_tenants_own_address_is_checked_when_it_is_used_not_only_when_it_was_stored() -> None:
    """A name that was public then and leads into our network now: nothing is sent, and certainly no key."""
    async with AsyncExitStack() as resources:
        kinds = {"openai": FakeOpenAI, "deepgram": FakeDeepgram, "elevenlabs": FakeElevenLabs, "anthropic": FakeAnthropic}
        fakes = {vendor: await resources.enter_async_context(kind(api_key="k")) for vendor, kind in kinds.items()}
        urls = {vendor: fake.url.replace("ws://", "http://").replace("127.0.0.1", "localhost") for vendor, fake in fakes.items()}
        async with at_own_addresses(urls, "") as made:
            for chosen in ("openai", "anthropic"):
                link = next(link for link in made.resolve(snapshot(llm=chosen)).llm.links if link.provider.name == chosen)  # type: ignore[attr-defined]
                with pytest.raises(DependencyError, match="may not be reached"):
                    _ = [event async for event in link.provider.stream(ASK)]
            for link in made.resolve(snapshot()).tts.links[:1]:  # type: ignore[attr-defined]
                with pytest.raises(DependencyError, match="may not be reached"):
                    _ = [chunk async for chunk in link.provider.synthesise(SPEAK)]
            for model in ("nova-3", "flux"):
                link = made.resolve(snapshot(stt="deepgram")).stt.links[0]  # type: ignore[attr-defined]
                with pytest.raises(DependencyError, match="may not be reached"):
                    async with link.provider.open(SttRequest(AudioFormat.PCMU_8K, "en", model=model)):
                        pass
        assert [len(fake.requests) for fake in fakes.values()] == [0, 0, 0, 0]


async def test_a_tenants_own_address_that_the_operator_lists_is_reached() -> None:
    async with FakeOpenAI(api_key="k") as llm, FakeDeepgram(api_key="k") as stt, FakeElevenLabs(api_key="k") as tts:
        fakes = {"openai": llm, "deepgram": stt, "elevenlabs": tts}
        urls = {vendor: fake.url.replace("ws://", "http://").replace("127.0.0.1", "localhost") for vendor, fake in fakes.items()}
        async with at_own_addresses(urls, "localhost") as made:
            chosen = made.resolve(snapshot(**OWN))
            assert await spoken(made)
            assert b"".join([chunk async for chunk in chosen.tts.synthesise(SPEAK)])
            async with chosen.stt.open(SttRequest(AudioFormat.PCMU_8K, "en")) as stream:
                await stream.finalize()
        assert [len(fake.requests) for fake in fakes.values()] == [1, 1, 1]
        assert stt.requests[0].headers["host"].startswith("localhost:"), "the address is pinned, the name stays"
