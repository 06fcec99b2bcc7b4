"""What the developer sees: one line per event with the name of the process in front, in its own colour on a terminal."""

import os
import sys
import zlib

_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
_BOLD_RED, _BOLD_GREEN = "1;31", "1;32"


def say(who: str, line: str) -> None:
    """One line on stderr. Never raises: a closed terminal must not keep the stack from stopping."""
    name = f"{who:<16}"
    _write(sys.stderr, f"{_painted(name, str(_COLOURS[zlib.crc32(who.encode()) % len(_COLOURS)]), sys.stderr)} {line}\n")


def complain(text: str) -> None:
    """Why it does not go on, on stderr."""
    _write(sys.stderr, f"\n{_painted('Callstage:', _BOLD_RED, sys.stderr)} {text}\n")


def banner(title: str, lines: list[str]) -> None:
    """On stdout, where scripts wait for its title."""
    _write(sys.stdout, "\n".join(["", _painted(title, _BOLD_GREEN, sys.stdout), *lines, "", ""]))


def _painted(text: str, colour: str, stream: object) -> str:
    is_terminal = getattr(stream, "isatty", lambda: False)()
    return f"\x1b[{colour}m{text}\x1b[0m" if is_terminal and not os.environ.get("NO_COLOR") else text


def _write(stream: object, text: str) -> None:
    try:
        print(text, end="", file=stream, flush=True)  # type: ignore[arg-type]
    except (OSError, ValueError):
        return
