"""Syntax and types of tool code before anybody runs it (rules S5, T10)."""

from dataclasses import dataclass
from typing import Any, Literal

import orjson
from callstage_contracts.tool_stubs import TOOL_STUBS
from callstage_domain.errors import LimitExceeded, ModelFacingError
from pydantic_monty import MontyError, MontyRuntimeError, MontySyntaxError, MontyTypingError

from tool_sandbox.execution.pool import WorkerPool
from tool_sandbox.execution.program import Program, to_check

_MAX_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` is 1-based in the tool's own code, 0 when unknown."""

    code: Literal["syntax", "type"]
    message: str
    line: int
    is_error: bool


class CodeChecker:
    """Checks in a worker; the code is defined there and never called."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    async def check(self, code: str) -> list[Finding]:
        """What is wrong, in order of the lines. Raises LimitExceeded when no worker is free."""
        try:
            program = to_check(code)
        except ModelFacingError as err:
            return [Finding("syntax", err.message, 0, True)]
        try:
            async with self._pool.checker(TOOL_STUBS) as session:
                await session.feed_run(program.source, print_callback=lambda _, __: None)
        except MontyTypingError as err:
            return _findings(err.display(), program)
        except MontySyntaxError as err:
            return [Finding("syntax", err.display("msg"), _line(err, program), True)]
        except MontyRuntimeError as err:
            return [Finding("syntax", err.display("msg"), _line(err, program), True)]
        except MontyError as err:
            return [Finding("syntax", f"the code could not be checked: {err}", 0, True)]
        except TimeoutError as err:
            raise LimitExceeded("no sandbox worker is free", code="busy") from err
        return []


def _line(error: MontySyntaxError | MontyRuntimeError, program: Program) -> int:
    return next((line for line in (program.own_line(frame.line) for frame in reversed(error.traceback())) if line), 0)


def _findings(text: str, program: Program) -> list[Finding]:
    """From the checker's JSON; a form we do not know becomes one finding with its text."""
    try:
        items: list[dict[str, Any]] = orjson.loads(text)
        found = [
            Finding(
                "syntax" if item.get("code") == "invalid-syntax" else "type",
                str(item.get("message", "")),
                program.own_line(int(item["location"]["row"])),
                item.get("severity", "error") in ("error", "fatal"),
            )
            for item in items[:_MAX_FINDINGS]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [Finding("type", text[:2000], 0, True)]
    return sorted(found, key=lambda finding: finding.line)
