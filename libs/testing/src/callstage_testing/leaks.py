"""A test must leave nothing behind and must not block the loop: snapshots of tasks, sockets and threads, and a watchdog.

Opt out with `@pytest.mark.leaks_allowed("tasks", "sockets", "threads")` (no names: all) and `@pytest.mark.blocking_allowed(seconds)`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import traceback
from asyncio.events import Handle
from dataclasses import dataclass, field
from typing import Any

BLOCKED_LIMIT_S = 0.25
_GRACE_S = 0.3
_WATCH_EVERY_S = 0.05


def open_sockets() -> frozenset[str]:
    """Inodes of this process's sockets; empty where /proc is not there to ask."""
    try:
        descriptors = os.listdir("/proc/self/fd")
    except OSError:
        return frozenset()
    found: set[str] = set()
    for descriptor in descriptors:
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return frozenset(found)


def lasting_threads() -> frozenset[threading.Thread]:
    """Non-daemon threads, without those of the loop's own executor (closed with the loop)."""
    return frozenset(thread for thread in threading.enumerate() if not thread.daemon and not thread.name.startswith("asyncio_"))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What exists at one moment; take the first before the test's fixtures."""

    sockets: frozenset[str] = field(default_factory=open_sockets)
    threads: frozenset[threading.Thread] = field(default_factory=lasting_threads)

    def leaked_since(self, ignored: frozenset[str]) -> list[str]:
        """One line per thing that exists now and did not then."""
        leaks: list[str] = []
        if "sockets" not in ignored:
            leaks += [f"open socket {name}" for name in sorted(open_sockets() - self.sockets)]
        if "threads" not in ignored:
            leaks += [f"thread {thread.name}" for thread in lasting_threads() - self.threads]
        return leaks


def _described(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack(limit=1)
    place = f" at {frames[0].f_code.co_filename}:{frames[0].f_lineno}" if frames else ""
    return f"pending task {task.get_name()} ({task.get_coro()!r}){place}"


async def leaks_after(tasks_before: set[asyncio.Task[Any]], before: Snapshot, ignored: frozenset[str]) -> list[str]:
    """What is left; things that close by themselves get 0.3 s to do so."""
    deadline = time.monotonic() + _GRACE_S
    while True:
        await asyncio.sleep(0)
        tasks = [task for task in asyncio.all_tasks() - tasks_before if task is not asyncio.current_task() and not task.done()]
        leaks = [] if "tasks" in ignored else [_described(task) for task in tasks]
        leaks += before.leaked_since(ignored)
        if not leaks or time.monotonic() > deadline:
            return leaks
        await asyncio.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Blocked:
    """A callback that held the loop. `stack` was sampled while it did (empty when it ended before the sample)."""

    seconds: float
    stack: str
    callback: str


class LoopWatch:
    """Times every callback of asyncio's own loops while installed, and samples the stack of one that runs too long.

    A machine that is short of CPU makes everything slow: a callback counts when its own CPU time is above the limit, or when its wall
    time is, after taking off the time for which the watchdog thread itself was not scheduled.
    """

    def __init__(self, limit_s: float = BLOCKED_LIMIT_S) -> None:
        self.limit_s = limit_s
        self.blocked: list[Blocked] = []
        self._running: tuple[float, int] | None = None
        self._stack = ""
        self._starved_s = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._original: Any = None

    def install(self) -> None:
        self._original = original = Handle._run  # pyright: ignore[reportPrivateUsage]

        def timed(handle: Handle) -> None:
            outer, self._running = self._running, (time.monotonic(), threading.get_ident())
            wall, cpu, starved = time.monotonic(), time.thread_time(), self._starved_s
            try:
                original(handle)
            finally:
                self._running = outer
                wall_s = time.monotonic() - wall
                if wall_s > self.limit_s:
                    self._judge(handle, wall_s, time.thread_time() - cpu, self._starved_s - starved)

        Handle._run = timed  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        self._thread = threading.Thread(target=self._watch, name="loop-watch", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        Handle._run = self._original  # pyright: ignore[reportPrivateUsage]
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def take(self) -> list[Blocked]:
        blocked, self.blocked = self.blocked, []
        return blocked

    def _judge(self, handle: Handle, wall_s: float, cpu_s: float, starved_s: float) -> None:
        if cpu_s > self.limit_s or wall_s - starved_s > self.limit_s:
            self.blocked.append(Blocked(wall_s, self._stack, repr(handle)))
        self._stack = ""

    def _watch(self) -> None:
        while True:
            before = time.monotonic()
            if self._stop.wait(_WATCH_EVERY_S):
                return
            now = time.monotonic()
            self._starved_s += max(0.0, now - before - 2 * _WATCH_EVERY_S)
            running = self._running
            if running is not None and now - running[0] > self.limit_s * 0.6:
                frame = sys._current_frames().get(running[1])  # pyright: ignore[reportPrivateUsage]
                if frame is not None:
                    self._stack = "".join(traceback.format_stack(frame)[-8:])
