"""Proves A2 S5: an agent may name one speech-to-speech provider in place of stt, llm and tts."""

import pytest
from control_api.compile.checks import check
from control_api.compile.draft import AgentDraft, AgentPatch, merged
from control_api.compile.snapshot import compile_snapshot
from pydantic import ValidationError

REALTIME = {"provider": "openai", "model": "gpt-realtime-2.1", "options": {"voice": "cedar"}}


def test_it_is_set_kept_and_cleared() -> None:
    draft = merged(AgentDraft(display_name="Mia").model_dump(mode="json"), AgentPatch.model_validate({"realtime": REALTIME}))
    assert draft.realtime.model_dump() == REALTIME
    kept = merged(draft.model_dump(mode="json"), AgentPatch.model_validate({"tts": {"provider": "openai"}}))
    assert kept.realtime == draft.realtime
    assert merged(kept.model_dump(mode="json"), AgentPatch.model_validate({"realtime": None})).realtime.provider is None


def test_it_reaches_the_data_plane() -> None:
    draft = AgentDraft.model_validate({"display_name": "Mia", "realtime": REALTIME})
    snapshot = compile_snapshot(draft, tenant_id="t", agent_id="a", deployment=1, has_backend=False)
    assert snapshot.settings.realtime.model_dump() == REALTIME


def test_it_has_no_fallbacks_of_its_own() -> None:
    with pytest.raises(ValidationError):
        AgentDraft.model_validate({"display_name": "Mia", "realtime": {**REALTIME, "fallbacks": []}})


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"realtime": {"provider": "martian"}}, "unknown_provider"), ({"realtime": {"provider": "gemini"}, "channel": "chat"}, "realtime_unused")],
)
def test_what_is_odd_is_said_and_blocks_nothing(fields: dict[str, object], code: str) -> None:
    draft = AgentDraft.model_validate({"display_name": "Mia", "tools": ["end_call"], **fields})
    assert {finding.code: finding.severity for finding in check(draft)}[code] == "warning"
