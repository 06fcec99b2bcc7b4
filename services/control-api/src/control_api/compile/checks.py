"""Deploy checks (rule S5): what blocks a deploy and what an editor should know."""

import ast
import re
from collections.abc import Iterable, Iterator
from textwrap import dedent, indent

from callstage_domain.agent import ToolDefinition
from callstage_domain.builtin_tools import END_CALL, LINE_TOOLS
from callstage_domain.variables import names_in

from control_api.compile.draft import AgentDraft, DraftStage, DraftTool
from control_api.compile.findings import Finding, Severity
from control_api.compile.parameters import problem_of_parameters
from control_api.compile.providers import provider_findings
from control_api.compile.snapshot import first_stage_of, resolved_tools, stages_of

MAX_AGENT_BYTES = 800_000
"""A deployment travels to the data plane as one message of at most 1 MiB."""
CALL_VARIABLES = frozenset({"caller_phone", "to_number", "call_sid", "name", "email", "phone", "customer_id", "found"})
"""Rule V4: call metadata and caller lookup."""
_IN_LINE = re.compile(r"\bline (\d+)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check(draft: AgentDraft) -> list[Finding]:
    """All findings of a draft, errors first. Parses all tool code: takes long enough for a thread."""
    found = [*_size(draft), *_structure(draft), *_tools(draft), *_reachability(draft), *_transitions(draft), *_end_call(draft), *_variables(draft)]
    return errors_first([*found, *provider_findings(draft)])


def errors_first(findings: Iterable[Finding]) -> list[Finding]:
    """Otherwise in their order."""
    return sorted(findings, key=lambda finding: finding.severity != "error")


def has_errors(findings: list[Finding]) -> bool:
    """Whether these findings block a deploy."""
    return any(finding.severity == "error" for finding in findings)


def _size(draft: AgentDraft) -> Iterator[Finding]:
    size = len(draft.model_dump_json().encode())
    if size <= MAX_AGENT_BYTES:
        return
    parts = {"system_prompt": draft.system_prompt}
    parts |= {f"prompt of stage '{stage.name}'": stage.prompt for stage in draft.stages}
    parts |= {f"code of '{tool.name}'": tool.code or "" for tool in draft.own_tools}
    largest = max(parts, key=lambda name: len(parts[name]))
    shares = f"The largest part is the {largest} ({len(parts[largest])} characters)."
    message = f"The agent has {size} bytes; {MAX_AGENT_BYTES} at most can be deployed. {shares}"
    yield Finding("agent_too_large", "error", message)


def _structure(draft: AgentDraft) -> Iterator[Finding]:
    seen: set[str] = set()
    for stage in draft.stages:
        if stage.name in seen:
            yield Finding("duplicate_stage", "error", f"Two stages have the name '{stage.name}'.", stage=stage.name)
        seen.add(stage.name)
    defined: set[str] = set()
    for tool in draft.own_tools:
        if tool.name in defined:
            yield Finding("duplicate_tool", "error", f"Two tools have the name '{tool.name}'.", tool=tool.name)
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
            yield Finding("preload_not_code", "error", f"The preload tool '{name}' has no code of its own: it is a {tool.kind} tool.", tool=name)
    for tool in draft.own_tools:
        yield from _one_tool(tool, user_of(draft, tool.name))
    if draft.tools_webhook_url is None and (webhook := [name for name, tool in known.items() if tool.kind == "webhook"]):
        message = f"There is no tools_webhook_url for the webhook tools of the agent: {', '.join(webhook)}."
        yield Finding("webhook_url_missing", "warning", message, tool=webhook[0])


def user_of(draft: AgentDraft, tool: str) -> str | None:
    """The first stage that has the tool: where an editor meets it."""
    return next((stage.name for stage in draft.stages if tool in stage.tools), None)


def _one_tool(tool: DraftTool, stage: str | None) -> Iterator[Finding]:
    if tool.real_kind == "code":
        yield from _code(tool, stage)
    if tool.real_kind == "builtin" and tool.name not in resolved_tools(AgentDraft(display_name="-", tools=[tool.name])):
        yield Finding("unknown_tool", "error", f"There is no built-in tool '{tool.name}'.", stage=stage, tool=tool.name)
    if (problem := problem_of_parameters(tool.parameters)) is not None:
        yield Finding("bad_parameters", "error", f"The parameters of the tool '{tool.name}' cannot be used: {problem}.", stage=stage, tool=tool.name)


def _code(tool: DraftTool, stage: str | None) -> Iterator[Finding]:
    code = tool.code or ""
    if not code.strip():
        yield Finding("tool_without_code", "error", f"The tool '{tool.name}' has no code.", stage=stage, tool=tool.name)
        return
    try:
        parse_tool_code(code)
    except (SyntaxError, ValueError) as err:
        # An error that shows only at the end is reported on the line that we added.
        line = min(max(err.lineno - 1, 1), len(code.splitlines())) if isinstance(err, SyntaxError) and err.lineno else None
        reason = _IN_LINE.sub(lambda found: f"line {int(found[1]) - 1}", err.msg) if isinstance(err, SyntaxError) else str(err)
        where = f"line {line} of the code of '{tool.name}'" if line else f"the code of '{tool.name}'"
        yield Finding("syntax", "error", f"Syntax error in {where}: {reason}.", stage=stage, tool=tool.name, line=line)


def parse_tool_code(code: str) -> ast.Module:
    """The body as it runs: inside an async function (rule T1). Its lines are one later than in `code`. Raises SyntaxError, ValueError."""
    try:
        return ast.parse("async def tool():\n" + indent(dedent(code), " ", lambda _: True) + "\n pass\n")
    except (RecursionError, MemoryError) as err:
        raise ValueError("it is nested too deeply") from err


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
                message = f"A transition of stage '{stage.name}' waits for '{item.on_tool}', which is none of its tools: it never happens."
                yield Finding("transition_on_foreign_tool", severity, message, stage=stage.name, tool=item.on_tool)


def _end_call(draft: AgentDraft) -> Iterator[Finding]:
    if draft.channel != "voice":
        yield from _line_tools(draft)
        return
    for stage in stages_of(draft):
        if END_CALL not in stage.tools:
            yield Finding("missing_end_call", "warning", f"Stage '{stage.name}' cannot end the call: it has no end_call.", stage=stage.name)


def _line_tools(draft: AgentDraft) -> Iterator[Finding]:
    known = resolved_tools(draft)
    for stage in stages_of(draft):
        for name in dict.fromkeys(stage.tools):
            if name in LINE_TOOLS and known[name].kind == "builtin":
                message = f"Stage '{stage.name}' has the tool '{name}', which needs a phone line: a chat agent has none."
                yield Finding("line_tool_in_chat", "warning", message, stage=stage.name, tool=name)


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
                where = f"{field} of stage '{stage_name}'" if stage_name else field
                message = f"The {where} uses {{{name}}}, which nothing sets: the caller would hear nothing in its place."
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
