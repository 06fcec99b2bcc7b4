"""Proves A2 A5: which agents get a speech-to-speech model, with which key, and who speaks their fixed phrases."""

from typing import Any

import pytest
from agent_runtime.providers.ports import LlmRequest, ProviderSet
from agent_runtime.providers.realtime import RealtimeSetup
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.settings import ProviderSettings
from callstage_contracts.buckets import ProviderKey, provider_aad
from callstage_domain.agent import AgentChannel, AgentSettings, AgentSnapshot, RealtimeSettings, SpeechSettings, Stage
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import CallerError, DependencyError
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.crypto import SecretBox
from callstage_testing.fakes.gemini_live import FakeGeminiLive
from callstage_testing.fakes.openai_chunks import Reply
from callstage_testing.fakes.openai_realtime import FakeOpenAIRealtime

TENANT = TenantId("t1")
SETUP = RealtimeSetup(AudioFormat.PCMU_8K, AudioFormat.PCM16_24K, "en", LlmRequest("", ()))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in ("OPENAI", "GROQ", "GEMINI", "ANTHROPIC", "DEEPGRAM", "ELEVENLABS"):
        monkeypatch.delenv(f"{vendor}_API_KEY", raising=False)
        monkeypatch.delenv(f"{vendor}_BASE_URL", raising=False)


def snapshot(realtime: str | None = None, *, tts: str | None = None, channel: AgentChannel = "voice") -> AgentSnapshot:
    settings = AgentSettings(display_name="Bella", realtime=RealtimeSettings(provider=realtime), tts=SpeechSettings(provider=tts))
    stages = (Stage(name="main"),)
    return AgentSnapshot(
        tenant_id=TENANT, agent_id=AgentId("a1"), deployment=1, channel=channel, settings=settings, stages=stages, first_stage="main"
    )


def registry(**values: Any) -> ProviderRegistry:
    return ProviderRegistry(ProviderSettings(provider_connect_timeout_s=0.5, **values))


def voices(found: ProviderSet) -> list[str]:
    chain: Any = found.tts
    return [link.provider.name for link in chain.links]


async def test_only_agents_that_name_one_get_one_and_its_vendor_speaks_for_it() -> None:
    async with registry(openai_api_key="k", gemini_api_key="k", elevenlabs_api_key="k") as made:
        assert made.resolve(snapshot()).realtime is None
        assert voices(made.resolve(snapshot()))[0] == "elevenlabs"
        for vendor in ("openai", "gemini"):
            found = made.resolve(snapshot(vendor))
            assert found.realtime.provider.name == vendor
            assert voices(found)[0] == vendor
            assert found.llm.name == "openai"
        assert made.resolve(snapshot("gemini")).realtime is made.resolve(snapshot("gemini")).realtime
        assert voices(made.resolve(snapshot("openai", tts="elevenlabs")))[0] == "elevenlabs"
        assert made.resolve(snapshot("openai", channel="chat")).realtime is None


@pytest.mark.parametrize("choice", ["openai", "deepgram", "martian"])
async def test_an_unknown_or_keyless_choice_is_refused(choice: str) -> None:
    async with registry(deepgram_api_key="k") as made:
        with pytest.raises(CallerError) as caught:
            made.resolve(snapshot(choice))
    assert (caught.value.code, caught.value.details["field"]) == ("provider_missing", "realtime.provider")


@pytest.mark.parametrize("vendor", ["openai", "gemini"])
async def test_the_tenants_own_key_and_address_are_used_within_the_egress_rules(vendor: str) -> None:
    box = SecretBox({"k": b"0" * 32})

    def keys(url: str | None) -> dict[str, ProviderKey]:
        sealed = box.seal("tenants", provider_aad(TENANT, vendor))
        return {f"t1.{vendor}": ProviderKey(tenant_id=TENANT, provider=vendor, api_key_sealed=sealed, base_url=url)}

    def brain(_: dict[str, Any]) -> Reply:
        return Reply("Hi.")

    def made_fake() -> FakeOpenAIRealtime | FakeGeminiLive:
        return FakeOpenAIRealtime(brain, api_key="tenants") if vendor == "openai" else FakeGeminiLive(brain, api_key="tenants")

    platform: Any = {f"{vendor}_api_key": "platform", f"{vendor}_base_url": "http://127.0.0.1:9"}
    async with made_fake() as fake, ProviderRegistry(ProviderSettings(**platform), keys(fake.url), box) as made:
        with pytest.raises(DependencyError) as caught:
            async with made.resolve(snapshot(vendor)).realtime.provider.open(SETUP):
                pass
        assert caught.value.code == "provider_refused"
        assert not fake.requests
        async with (
            ProviderRegistry(ProviderSettings(egress_allow="127.0.0.0/8", **platform), keys(fake.url), box) as allowed,
            allowed.resolve(snapshot(vendor)).realtime.provider.open(SETUP),
        ):
            assert len(fake.requests) == 1
