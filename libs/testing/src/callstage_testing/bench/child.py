"""A child process that says on its first line where it serves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

_STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Child:
    """`first_line` without its end."""

    pid: int
    first_line: str


@contextmanager
def running_module(module: str, arguments: Sequence[str] = ()) -> Generator[Child]:
    """`python -m module` until the block ends. Raises RuntimeError when it ends without a word."""
    with subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line:
                raise RuntimeError(f"{module} did not start")
            yield Child(process.pid, line)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
