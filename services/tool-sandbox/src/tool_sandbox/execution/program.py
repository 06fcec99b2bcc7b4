"""A tool's code as a program for the worker, and the way back from the worker's line numbers to the tool's own (rule T1)."""

import io
import tokenize
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from callstage_domain.errors import ModelFacingError

from tool_sandbox.execution.limits import MAX_CODE_BYTES

_INDENT = "    "

# The worker knows no class inheritance, so the names of backend errors are built-in exceptions that form the same tree
# (all are OSErrors); `SANDBOX_ERRORS` of backends/port.py raises them.
_PRELUDE: Final = """\
BackendError = OSError
BackendAuthenticationError = NotADirectoryError
BackendAccessError = PermissionError
BackendValidationError = FileExistsError
BackendNotFoundError = FileNotFoundError
BackendUnavailableError = TimeoutError
class _Logger:
    def _write(self, level, message, args):
        try:
            text = str(message) % args if args else str(message)
        except Exception:
            text = str(message) + " " + str(args)
        print(level + " " + text)
    def debug(self, message="", *args, **_):
        self._write("DEBUG", message, args)
    def info(self, message="", *args, **_):
        self._write("INFO", message, args)
    def warning(self, message="", *args, **_):
        self._write("WARNING", message, args)
    def error(self, message="", *args, **_):
        self._write("ERROR", message, args)
    warn = warning
    exception = error
    critical = error
"""
_HEADER: Final = "async def _tool(args, server, session, kwargs, logger):\n"
_FOOTER: Final = "\n[await _tool(args, server, session, kwargs, _Logger()), session]\n"
_CHECK_HEADER: Final = (
    "async def _tool("
    "args: dict[str, ToolValue], server: Server, session: dict[str, ToolValue], kwargs: dict[str, ToolValue], logger: Logger"
    ") -> ToolValue:\n"
)
_FIRST_LINE: Final = _PRELUDE.count("\n") + _HEADER.count("\n")
FEED_NAME: Final = "<python-input-0>"


@dataclass(frozen=True, slots=True)
class Program:
    """Source for the worker. `lines` is the number of lines of the tool's own code; `first_line` how many precede it."""

    source: str
    lines: int
    first_line: int = _FIRST_LINE

    def own_line(self, line: int) -> int:
        """1-based line of the tool's own code, 0 when it is not one."""
        own = line - self.first_line
        return own if 1 <= own <= self.lines else 0


_SCOPE_PRELUDE: Final = """\
_seen = []
def _inner(values):
    kinds = []
    count = 0
    for value in values:
        count += 1
        if count > 50:
            break
        kind = _kind(value, False)
        if kind not in kinds:
            kinds.append(kind)
    return " | ".join(kinds[:4])
def _kind(value, is_outer=True):
    if value is None:
        return "None"
    name = type(value).__name__
    if name not in ("list", "tuple", "set", "frozenset", "dict") or not is_outer or not value:
        return name
    if name == "dict":
        return "dict[" + _inner(value) + ", " + _inner(value.values()) + "]"
    return name + "[" + _inner(value) + "] (" + str(len(value)) + ")"
def _see(names):
    for name in names:
        if name not in ("server", "kwargs", "logger") and len(_seen) < 60:
            _seen.append([name, _kind(names[name])])
"""
SEEN: Final = "_seen"
"""What to evaluate after `to_look_around` has failed: names and types in the body, `[[name, type], …]`."""


def to_look_around(code: str) -> str:
    """The program of `to_run` that leaves behind of what types the names in the body were when it ended. Its lines are others."""
    deeper = "\n".join(
        line if number in _inside(code) or not line.strip() else _INDENT + line for number, line in enumerate(_body(code).split("\n"), 1)
    )
    return f"{_PRELUDE}{_SCOPE_PRELUDE}{_HEADER}{_INDENT}try:\n{deeper}\n{_INDENT}finally:\n{_INDENT * 2}_see(locals())\n{_FOOTER}"


def _inside(code: str) -> set[int]:
    """Lines that begin within a text of several lines."""
    return _shape(_plain(code))[0]


@lru_cache(maxsize=512)
def to_run(code: str) -> Program:
    """The program that runs the body and evaluates to `[result, session]`. Raises ModelFacingError when the code is too long."""
    body = _body(code)
    return Program(_PRELUDE + _HEADER + body + _FOOTER, max(1, code.count("\n") + 1))


def to_check(code: str) -> Program:
    """The program whose types are checked; it defines the tool and does not run it."""
    body = _body(code)
    return Program(_CHECK_HEADER + body + "\n", max(1, code.count("\n") + 1), first_line=1)


def _body(code: str) -> str:
    if len(code.encode(errors="replace")) > MAX_CODE_BYTES:
        raise ModelFacingError(f"the code is longer than {MAX_CODE_BYTES // 1024} KiB", code="syntax")
    code = _plain(code)
    inside_text, has_statement = _shape(code)
    lines = code.split("\n")
    shifted = [line if number in inside_text or not line.strip() else _INDENT + line for number, line in enumerate(lines, start=1)]
    return "\n".join(shifted) + ("" if has_statement else f"\n{_INDENT}pass")


def _plain(code: str) -> str:
    return code.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", " ")


def _shape(code: str) -> tuple[set[int], bool]:
    """Lines that begin inside a multi-line text (they must not move), and whether there is anything but comments."""
    inside: set[int] = set()
    has_statement = False
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.STRING:
                inside.update(range(token.start[0] + 1, token.end[0] + 1))
            has_statement = has_statement or token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
    except (tokenize.TokenError, SyntaxError):
        return inside, True
    return inside, has_statement
