"""What the checker of tool-sandbox adds to the deploy checks: types, and Python that tools cannot use (rule S5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from control_api.compile.checks import parse_tool_code, user_of
from control_api.compile.draft import AgentDraft
from control_api.compile.findings import Finding

_TYPE_ERROR: Final = "type_error"


@dataclass(frozen=True, slots=True)
class Remark:
    """The checker's word on one tool's code. `line` is 1-based, 0 when unknown."""

    is_syntax: bool
    message: str
    line: int
    is_error: bool


@dataclass(frozen=True, slots=True)
class CodeToCheck:
    """A tool whose code parses; `stage` uses it first."""

    tool: str
    stage: str | None
    code: str


def code_to_check(draft: AgentDraft) -> list[CodeToCheck]:
    """Code that `checks` has nothing against. Parses all of it: for a thread."""
    return [
        CodeToCheck(tool.name, user_of(draft, tool.name), tool.code)
        for tool in draft.own_tools
        if tool.real_kind == "code" and tool.code is not None and tool.code.strip() and _parses(tool.code)
    ]


def findings_of(checked: CodeToCheck, remarks: Sequence[Remark]) -> Iterator[Finding]:
    """For an editor: what the checker takes for an error is one."""
    for remark in remarks:
        line = remark.line or None
        where = f"line {line} of the code of '{checked.tool}'" if line else f"the code of '{checked.tool}'"
        severity = "error" if remark.is_error else "warning"
        if remark.is_syntax:
            yield Finding("syntax", severity, f"Syntax error in {where}: {remark.message}.", stage=checked.stage, tool=checked.tool, line=line)
        else:
            yield Finding("type_error", severity, f"Type error in {where}: {remark.message}.", stage=checked.stage, tool=checked.tool, line=line)


def not_checked(left: Sequence[CodeToCheck]) -> Iterator[Finding]:
    """One finding for all code that the checker had no time for."""
    if left:
        names = ", ".join(f"'{item.tool}'" for item in left)
        yield Finding("code_not_type_checked", "warning", f"The types in the code of {names} could not be checked right now.")


def for_deploy(findings: Sequence[Finding]) -> list[Finding]:
    """Types never stop a deploy: the checker cannot see what a backend returns, and a branch that fails may never be taken."""
    return [replace(finding, severity="warning") if finding.code == _TYPE_ERROR else finding for finding in findings]


def _parses(code: str) -> bool:
    try:
        parse_tool_code(code)
    except (SyntaxError, ValueError):
        return False
    return True
