"""Proves A2 S5: what the deploy checks say of the providers that an agent names; nothing of it blocks."""

import pytest
from callstage_domain.agent import AgentSnapshot, FallbackChoice, LlmSettings, SpeechSettings
from control_api.compile.checks import check
from control_api.compile.draft import AgentDraft
from control_api.compile.findings import HINTS
from control_api.compile.providers import KNOWN
from control_api.compile.snapshot import compile_snapshot
from control_api.features.providers.probe import VENDOR_URLS


def fallbacks(*names: str) -> tuple[FallbackChoice, ...]:
    return tuple(FallbackChoice(provider=name) for name in names)


@pytest.mark.parametrize(
    ("llm", "codes"),
    [
        (LlmSettings(), []),
        (LlmSettings(provider="openai", fallbacks=fallbacks("groq", "anthropic")), []),
        (LlmSettings(provider="openai", fallbacks=()), []),
        (LlmSettings(provider="martian"), ["unknown_provider"]),
        (LlmSettings(provider="openai", fallbacks=fallbacks("martian")), ["unknown_provider"]),
        (LlmSettings(provider="openai", model="a", fallbacks=(FallbackChoice(provider="openai", model="b"),)), ["fallbacks_of_one_vendor"]),
        (LlmSettings(provider="openai", fallbacks=fallbacks("groq", "groq")), ["fallback_repeated"]),
    ],
)
def test_findings_about_language_models(llm: LlmSettings, codes: list[str]) -> None:
    found = [finding for finding in check(AgentDraft(display_name="A", llm=llm)) if "provider" in finding.code or "fallback" in finding.code]
    assert [finding.code for finding in found] == codes
    assert all(finding.severity == "warning" and finding.code in HINTS for finding in found)


def test_voices_may_differ_by_the_voice_alone() -> None:
    draft = AgentDraft(display_name="A", tts=SpeechSettings(provider="openai", fallbacks=(*fallbacks("openai"), *fallbacks("elevenlabs"))))
    assert not [finding for finding in check(draft) if "fallback" in finding.code]


def test_every_cloud_vendor_is_known() -> None:
    assert set(VENDOR_URLS) <= {name for names in KNOWN.values() for name in names}


def test_the_list_travels_with_the_deployment() -> None:
    draft = AgentDraft(display_name="A", llm=LlmSettings(provider="openai", fallbacks=fallbacks("groq")))
    snapshot = compile_snapshot(draft, tenant_id="t", agent_id="a", deployment=1, has_backend=False)
    assert snapshot.settings.llm.fallbacks == fallbacks("groq")
    assert AgentSnapshot.model_validate_json(snapshot.model_dump_json()) == snapshot
