"""Deploy checks (rule S5): what blocks a deploy and what an editor should know."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent, indent
from typing import Literal

from callstage_domain.agent import ToolDefinition
from callstage_domain.builtin_tools import END_CALL
from callstage_domain.variables import names_in

from control_api.compile.draft import AgentDraft, DraftStage, DraftTool
from control_api.compile.snapshot import first_stage_of, resolved_tools, stages_of

Severity = Literal["error", "warning"]
CALL_VARIABLES = frozenset({"caller_phone", "to_number", "call_sid", "name", "email", "phone", "customer_id", "found"})
"""Rule V4: call metadata and caller lookup."""
_JSON_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `line` is 1-based in the tool's own code."""

    code: str
    severity: Severity
    message: str
    stage: str | None = None
    tool: str | None = None
    line: int | None = None


def check(draft: AgentDraft) -> list[Finding]:
    """All findings of a draft, errors first."""
    found = [*_structure(draft), *_tools(draft), *_reachability(draft), *_transitions(draft), *_end_call(draft), *_variables(draft)]
    return sorted(found, key=lambda finding: finding.severity != "error")


def has_errors(findings: list[Finding]) -> bool:
    """Whether these findings block a deploy."""
    return any(finding.severity == "error" for finding in findings)


def _structure(draft: AgentDraft) -> Iterator[Finding]:
    seen: set[str] = set()
    for stage in draft.stages:
        if stage.name in seen:
            yield Finding("duplicate_stage", "error", f"Two stages are called '{stage.name}'.", stage=stage.name)
        seen.add(stage.name)
    defined: set[str] = set()
    for tool in draft.own_tools:
        if tool.name in defined:
            yield Finding("duplicate_tool", "error", f"Two tools are called '{tool.name}'.", tool=tool.name)
        defined.add(tool.name)


def _tools(draft: AgentDraft) -> Iterator[Finding]:
    known = resolved_tools(draft)
    for stage in stages_of(draft):
        for name in dict.fromkeys(stage.tools):
            if name not in known:
                yield Finding(
                    "unknown_tool", "error", f"Stage '{stage.name}' uses the tool '{name}', which does not exist.", stage=stage.name, tool=name
                )
    for name in dict.fromkeys(draft.preload_tools):
        tool = known.get(name)
        if tool is None:
            yield Finding("unknown_tool", "error", f"The preload uses the tool '{name}', which does not exist.", tool=name)
        elif tool.kind != "code":
            yield Finding("preload_not_code", "error", f"The preload tool '{name}' is no code tool.", tool=name)
    for tool in draft.own_tools:
        yield from _one_tool(tool)
    if draft.tools_webhook_url is None and (webhook := [name for name, tool in known.items() if tool.kind == "webhook"]):
        yield Finding(
            "webhook_url_missing", "warning", f"The webhook tools {', '.join(webhook)} have no tools_webhook_url to go to.", tool=webhook[0]
        )


def _one_tool(tool: DraftTool) -> Iterator[Finding]:
    if tool.real_kind == "code":
        yield from _code(tool)
    if tool.real_kind == "builtin" and tool.name not in resolved_tools(AgentDraft(display_name="-", tools=[tool.name])):
        yield Finding("unknown_tool", "error", f"There is no built-in tool '{tool.name}'.", tool=tool.name)
    if tool.parameters.get("type", "object") != "object" or not _is_schema(tool.parameters):
        yield Finding("bad_parameters", "error", f"The parameters of '{tool.name}' are no JSON Schema of an object.", tool=tool.name)


def _is_schema(schema: dict[str, object]) -> bool:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        return False
    if any(not isinstance(name, str) or name not in properties for name in required):
        return False
    return all(isinstance(value, dict) and _has_known_type(value) for value in properties.values())


def _has_known_type(schema: dict[str, object]) -> bool:
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return kind is None or all(isinstance(item, str) and item in _JSON_TYPES for item in kinds)


def _code(tool: DraftTool) -> Iterator[Finding]:
    if not (tool.code or "").strip():
        yield Finding("tool_without_code", "error", f"The tool '{tool.name}' has no code.", tool=tool.name)
        return
    try:
        parse_tool_code(tool.code or "")
    except (SyntaxError, ValueError) as err:
        line = err.lineno - 1 if isinstance(err, SyntaxError) and err.lineno else None
        reason = err.msg if isinstance(err, SyntaxError) else str(err)
        yield Finding("syntax", "error", f"The code of '{tool.name}' does not parse: {reason}", tool=tool.name, line=line)


def parse_tool_code(code: str) -> ast.Module:
    """The body as it runs: inside an async function (rule T1). Its lines are one later than in `code`. Raises SyntaxError, ValueError."""
    return ast.parse("async def tool():\n" + indent(dedent(code), " ", lambda _: True) + "\n pass\n")


def _reachability(draft: AgentDraft) -> Iterator[Finding]:
    stages = {stage.name: stage for stage in stages_of(draft)}
    first = first_stage_of(draft)
    if first not in stages:
        yield Finding("first_stage_missing", "error", f"The first stage '{first}' does not exist.", stage=first)
        return
    reached: set[str] = set()
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        stage = stages[name]
        waiting += [item.to_stage for item in stage.transitions if item.to_stage in stages and item.on_tool in stage.tools]
    for name in stages:
        if name not in reached:
            yield Finding("unreachable_stage", "warning", f"No transition leads to the stage '{name}'.", stage=name)


def _transitions(draft: AgentDraft) -> Iterator[Finding]:
    names = {stage.name for stage in stages_of(draft)}
    known = resolved_tools(draft)
    for stage in draft.stages:
        for item in stage.transitions:
            if item.to_stage not in names:
                yield Finding(
                    "transition_to_missing_stage",
                    "error",
                    f"Stage '{stage.name}' moves on '{item.on_tool}' to '{item.to_stage}', which does not exist.",
                    stage=stage.name,
                    tool=item.on_tool,
                )
            if item.on_tool not in stage.tools:
                severity: Severity = "warning" if item.on_tool in known else "error"
                message = f"Stage '{stage.name}' waits for '{item.on_tool}', which is none of its tools."
                yield Finding("transition_on_foreign_tool", severity, message, stage=stage.name, tool=item.on_tool)


def _end_call(draft: AgentDraft) -> Iterator[Finding]:
    if draft.channel != "voice":
        return
    for stage in stages_of(draft):
        if END_CALL not in stage.tools:
            yield Finding("missing_end_call", "warning", f"Stage '{stage.name}' cannot end the call: it has no end_call.", stage=stage.name)


def _variables(draft: AgentDraft) -> Iterator[Finding]:
    if draft.type == "click_to_call":
        # Any variable may come with the request.
        return
    tools = resolved_tools(draft)
    known = CALL_VARIABLES | _names_set_by_code(tools)
    texts: list[tuple[str | None, str, str]] = [
        (None, "system_prompt", draft.system_prompt),
        (None, "greeting", draft.greeting or ""),
        (None, "farewell", draft.farewell or ""),
    ]
    for stage in draft.stages:
        texts.append((stage.name, "prompt", stage.prompt))
        texts += _handovers(stage, tools)
    for stage_name, field, template in texts:
        for name in dict.fromkeys(name for name, has_fallback in names_in(template) if not has_fallback):
            if name.split(".")[0] not in known:
                message = f"The {field} uses {{{name}}}, which nothing sets; write {{{name}|fallback}} or set it in a tool."
                yield Finding("undefined_variable", "warning", message, stage=stage_name)


def _handovers(stage: DraftStage, tools: dict[str, ToolDefinition]) -> Iterator[tuple[str | None, str, str]]:
    for item in stage.transitions:
        tool = tools.get(item.on_tool)
        # The fields of a webhook's reply are known to its owner only.
        if item.handover_message and tool is not None and tool.kind == "code":
            yield stage.name, "handover message", item.handover_message


def _names_set_by_code(tools: dict[str, ToolDefinition]) -> frozenset[str]:
    """Keys of dict displays, `x["key"] = …` and keyword arguments in tool code: what results and `session` may hold."""
    found: set[str] = set()
    for tool in tools.values():
        found |= set(tool.parameters.get("properties", {}))
        try:
            tree = parse_tool_code(tool.code or "")
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
                found.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
    return frozenset(found)
