"""CPU and memory of processes, the machine's own speed, the services' late frames."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

_REFERENCE_ROUNDS = 2_000_000
_LATE_FRAMES = "callstage_frames_late_total"


def claim_priority(niceness: int) -> bool:
    """Go before the measured ones, so that their lateness is theirs. False when the system does not permit it."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
    except OSError:
        return False
    return True


def reference_loop_s() -> float:
    """CPU seconds of a fixed loop of plain Python, the best of three: how fast this machine is, to compare CPU numbers of different ones."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        total = 0
        for number in range(_REFERENCE_ROUNDS):
            total += number & 7
        best = min(best, time.process_time() - started)
    return best


@dataclass(frozen=True, slots=True)
class Usage:
    """Since the process began, and now."""

    cpu_s: float = 0.0
    memory_bytes: int = 0
    """Anonymous memory, resident or swapped out: what is mapped from files comes and goes with the page cache."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_s + other.cpu_s, self.memory_bytes + other.memory_bytes)


@dataclass(frozen=True, slots=True)
class Sample:
    """All groups at one moment of the monotonic clock."""

    at: float
    groups: Mapping[str, Usage]


def sample(pids: Mapping[str, Iterable[int]]) -> Sample:
    """Each group's processes with their children (tool workers, database backends). What is gone counts nothing."""
    return Sample(time.monotonic(), {name: sum((_of(pid) for pid in group), Usage()) for name, group in pids.items()})


def least(earlier: Sample | None, now: Sample) -> Sample:
    """Now, with the least memory that each group had without calls: a young process gives memory back that its start took."""
    if earlier is None:
        return now
    kept = {name: Usage(usage.cpu_s, min(usage.memory_bytes, earlier.groups.get(name, usage).memory_bytes)) for name, usage in now.groups.items()}
    return Sample(now.at, kept)


def _of(pid: int) -> Usage:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return Usage()
    return sum((_one(member) for member in family), Usage())


def _one(process: psutil.Process) -> Usage:
    try:
        times = process.cpu_times()
        return Usage(times.user + times.system, _memory_bytes(process))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return Usage()


def _memory_bytes(process: psutil.Process) -> int:
    """Linux tells it in /proc; elsewhere the whole resident set has to do."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return process.memory_info().rss
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "VmSwap:")))


@dataclass(frozen=True, slots=True)
class Cost:
    """One group over a window, per call."""

    cpu_s_per_call_minute: float
    memory_bytes_per_call: float


def costs(idle: Sample, before: Sample, after: Sample, calls: int) -> dict[str, Cost]:
    """CPU between `before` and `after`; memory of `after` over `idle`. `calls` ran all the time between."""
    minutes = (after.at - before.at) / 60
    found: dict[str, Cost] = {}
    for name, usage in after.groups.items():
        cpu_s = usage.cpu_s - before.groups.get(name, Usage()).cpu_s
        grown = usage.memory_bytes - idle.groups.get(name, Usage()).memory_bytes
        found[name] = Cost(max(0.0, cpu_s) / (calls * minutes), grown / calls)
    return found


def late_frames(metrics_urls: Iterable[str]) -> float | None:
    """Sum of the services' own counters; None when one did not answer."""
    return metric_sum(metrics_urls, _LATE_FRAMES)


def metric_sum(metrics_urls: Iterable[str], series: str) -> float | None:
    """Sum over all processes of the series that begin so (`name` or `name{label="value"`); None when one did not answer."""
    total = 0.0
    for url in metrics_urls:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310
                text = reply.read().decode()
        except (urllib.error.URLError, OSError):
            return None
        total += sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(series))
    return total
