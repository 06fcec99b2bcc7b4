"""Processes known by number and start time, and their end."""

import contextlib
import signal
import time
from collections.abc import Sequence
from typing import Any, cast

import psutil

_SAME_START_S = 1.0
_GRACE_S = 5.0


def identity(pid: int) -> dict[str, float]:
    """What tells this process from a later one with its number."""
    try:
        return {"pid": pid, "started": psutil.Process(pid).create_time()}
    except psutil.Error:
        return {"pid": pid, "started": time.time()}


def alive(known: Any) -> psutil.Process | None:
    """The very process of `identity`, when it still runs. Anything else than an identity is nobody's."""
    if not isinstance(known, dict):
        return None
    values = cast(dict[str, Any], known)
    try:
        process = psutil.Process(int(values["pid"]))
        is_same = abs(process.create_time() - float(values["started"])) < _SAME_START_S
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except (KeyError, TypeError, ValueError, psutil.Error):
        return None


def end_processes(processes: Sequence[psutil.Process], number: signal.Signals = signal.SIGTERM) -> None:
    """Ask them to end, wait a little, then end them."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
    _, stubborn = psutil.wait_procs(processes, timeout=_GRACE_S)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=_GRACE_S)
