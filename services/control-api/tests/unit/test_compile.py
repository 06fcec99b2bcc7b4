"""Proves A1 A3 S1 S2 D2: drafts become snapshots."""

import pytest
from callstage_domain.builtin_tools import BUILTIN_TOOLS, STANDARD_WEBHOOK_TOOLS
from control_api.compile.checks import check, has_errors
from control_api.compile.draft import AgentDraft
from control_api.compile.snapshot import compile_snapshot
from control_api.compile.templates import TEMPLATES
from control_api.features.deployments.difference import differences


def _compiled(draft: AgentDraft, deployment: int = 1):
    return compile_snapshot(draft, tenant_id="t", agent_id="a", deployment=deployment, has_backend=False)


def test_a_simple_agent_is_one_stage() -> None:
    snapshot = _compiled(AgentDraft.model_validate({"display_name": "A", "system_prompt": "Be nice.", "tools": ["end_call", "create_lead"]}))
    assert [stage.name for stage in snapshot.stages] == [snapshot.first_stage] == ["main"]
    assert snapshot.stages[0].tools == ("end_call", "create_lead")
    assert snapshot.tools == {"end_call": BUILTIN_TOOLS["end_call"], "create_lead": STANDARD_WEBHOOK_TOOLS["create_lead"]}
    assert (snapshot.settings.company, snapshot.settings.system_prompt, snapshot.settings.disclosure) == ("A", "Be nice.", True)


def test_inline_tools_are_defined_and_offered() -> None:
    tool = {"name": "price", "description": "Price", "code": "return {}", "parameters": {"properties": {"size": {"type": "string"}}}}
    snapshot = _compiled(AgentDraft.model_validate({"display_name": "A", "tools": [tool, {"name": "notify"}]}))
    assert snapshot.stages[0].tools == ("price", "notify")
    assert (snapshot.tools["price"].kind, snapshot.tools["notify"].kind) == ("code", "webhook")
    assert snapshot.tools["price"].parameters == {"type": "object", "properties": {"size": {"type": "string"}}}


def test_stages_transitions_and_preload() -> None:
    draft = AgentDraft.model_validate(
        {
            "display_name": "A",
            "first_stage": "two",
            "stages": [
                {"name": "one", "prompt": "p", "tools": ["end_call"]},
                {"name": "two", "tools": ["go"], "transitions": [{"on_tool": "go", "to_stage": "one", "handover_message": "Total: {total}."}]},
            ],
            "preload_tools": ["load"],
            "tool_definitions": [{"name": "go", "code": "return {'total': 1}"}, {"name": "load", "code": "return {}"}],
        }
    )
    snapshot = _compiled(draft)
    assert snapshot.first_stage == "two"
    transitions = [(item.on_tool, item.to_stage, item.handover_message) for item in snapshot.stages[1].transitions]
    assert transitions == [("go", "one", "Total: {total}.")]
    assert snapshot.preload_tools == ("load",)
    assert set(snapshot.tools) == {"end_call", "go", "load"}


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_templates_have_no_errors(name: str) -> None:
    draft = AgentDraft.model_validate({"display_name": "T", **TEMPLATES[name]})  # type: ignore[index]
    findings = check(draft)
    assert not has_errors(findings)
    assert findings == []
    assert _compiled(draft).stages


def test_differences_by_path() -> None:
    before = _compiled(AgentDraft.model_validate({"display_name": "A", "stages": [{"name": "one", "prompt": "x"}, {"name": "two"}]}))
    after = _compiled(AgentDraft.model_validate({"display_name": "A", "speed": 1.5, "stages": [{"name": "two"}, {"name": "one", "prompt": "y"}]}), 2)
    assert {path: (old, new) for path, old, new in differences(before, after)} == {
        "settings.speed": (1.0, 1.5),
        "stage_order": (["one", "two"], ["two", "one"]),
        "first_stage": ("one", "two"),
        "stages.one.prompt": ("x", "y"),
    }
