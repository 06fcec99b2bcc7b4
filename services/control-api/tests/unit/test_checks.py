"""Proves S4 S5: every deploy check, its severity and its place."""

import re
from pathlib import Path
from typing import Any

import pytest
from control_api.compile import checks
from control_api.compile.checks import check
from control_api.compile.draft import AgentDraft
from control_api.compile.findings import HINTS, Finding
from control_api.features.deployments.schemas import FindingReply


def _findings(**fields: Any) -> dict[str, tuple[str, str | None, str | None]]:
    draft = AgentDraft.model_validate({"display_name": "A", **fields})
    return {finding.code: (finding.severity, finding.stage, finding.tool) for finding in check(draft)}


def test_every_finding_says_how_to_repair_it() -> None:
    sources = "".join(path.read_text() for path in Path(checks.__file__).parents[1].rglob("*.py"))
    codes = set(re.findall(r'Finding\(\s*"(\w+)"', sources))
    assert len(codes) >= 14
    assert codes == set(HINTS)
    assert FindingReply.all_of([Finding("syntax", "error", "m")])[0].model_dump()["hint"] == HINTS["syntax"]


def test_a_finding_about_a_tool_names_the_stage_that_uses_it() -> None:
    stage = {"name": "one", "tools": ["end_call", "x"]}
    found = _findings(stages=[stage], tool_definitions=[{"name": "x", "code": "if True:"}])
    assert found["syntax"] == ("error", "one", "x")


END = {"name": "one", "tools": ["end_call"]}


@pytest.mark.parametrize(
    ("fields", "code", "expected"),
    [
        ({"tools": ["end_call", "ghost"]}, "unknown_tool", ("error", "main", "ghost")),
        ({"tools": ["end_call"], "preload_tools": ["ghost"]}, "unknown_tool", ("error", None, "ghost")),
        ({"tools": ["end_call"], "preload_tools": ["end_call"]}, "preload_not_code", ("error", None, "end_call")),
        ({"tools": ["end_call", {"name": "x", "kind": "code"}]}, "tool_without_code", ("error", None, "x")),
        ({"tools": ["end_call", {"name": "x", "kind": "builtin"}]}, "unknown_tool", ("error", None, "x")),
        ({"tools": ["end_call", {"name": "x", "parameters": {"type": "array"}}]}, "bad_parameters", ("error", None, "x")),
        ({"tools": ["end_call", {"name": "x", "parameters": {"properties": {}, "required": ["y"]}}]}, "bad_parameters", ("error", None, "x")),
        ({"stages": [END, END]}, "duplicate_stage", ("error", "one", None)),
        ({"stages": [END], "first_stage": "zero"}, "first_stage_missing", ("error", "zero", None)),
        ({"stages": [END, {"name": "two", "tools": ["end_call"]}]}, "unreachable_stage", ("warning", "two", None)),
        ({"tools": []}, "missing_end_call", ("warning", "main", None)),
        ({"channel": "chat", "tools": ["collect_digits"]}, "line_tool_in_chat", ("warning", "main", "collect_digits")),
        ({"tools": ["end_call"], "greeting": "Hi {nick}"}, "undefined_variable", ("warning", None, None)),
        ({"tools": ["end_call", "create_lead"]}, "webhook_url_missing", ("warning", None, "create_lead")),
        (
            {"stages": [{**END, "transitions": [{"on_tool": "end_call", "to_stage": "two"}]}]},
            "transition_to_missing_stage",
            ("error", "one", "end_call"),
        ),
    ],
)
def test_what_is_wrong_is_found(fields: dict[str, Any], code: str, expected: tuple[str, str | None, str | None]) -> None:
    assert _findings(**fields)[code] == expected


def test_a_syntax_error_has_its_line_in_the_tools_own_code() -> None:
    code = "x = 1\nif x\n    return {}"
    draft = AgentDraft.model_validate({"display_name": "A", "tools": ["end_call", {"name": "x", "code": code}]})
    assert [(finding.code, finding.line) for finding in check(draft) if finding.severity == "error"] == [("syntax", 2)]


@pytest.mark.parametrize(
    "code",
    ["return {'a': await server.call('m', 'f')}", "    return {}\n", "text = '''\nabc\n'''\nreturn {'text': text}", "async for x in y:\n    pass"],
)
def test_code_that_is_the_body_of_an_async_function_parses(code: str) -> None:
    assert "syntax" not in _findings(tools=["end_call", {"name": "x", "code": code}])


def test_variables_that_something_sets_are_defined() -> None:
    code = 'session["size"] = args["size"]\nreturn {"total": 5}'
    prompt = "{name} {caller_phone} {size} {total} {nick|you} {{literal}}"
    stage = {"name": "one", "prompt": prompt, "tools": ["end_call", "order"]}
    assert _findings(stages=[stage], tool_definitions=[{"name": "order", "code": code}]) == {}


def test_a_chat_agent_needs_no_end_call() -> None:
    assert _findings(channel="chat") == {}
