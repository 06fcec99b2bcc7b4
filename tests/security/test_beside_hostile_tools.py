"""Proves T5 T6: while one tenant runs everything hostile there is, another one's tools take about as long as ever, and nothing piles up."""

import asyncio
import ctypes
import gc
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_domain.ids import TenantId
from callstage_kit.tasks import TaskScope, all_of
from callstage_testing.fakes.faults import Fault

from .test_hostile_tools import EXHAUSTING, REACHING_OUT, WALKING

Target = Any
BENIGN = """
rows = await server.search_read("res.partner", fields=["name"], limit=1)
return {"name": rows[0]["name"], "sum": sum(i * i for i in range(1000))}
"""
BACKEND_S = 0.15
"""A backend answers in its time: what hostile code can add to is all the rest."""
ATTACKER = TenantId("t2")
HOSTILE_AT_ONCE = 3
BENIGN_AT_ONCE = 4
ROUNDS = 2
RUNS = 15
"""Of each lane in each round; rounds with and without hostile code take turns, so that both see the same machine."""
GROWTH_LIMIT = 3.0
ATTEMPTS = 5
"""A machine that stood still for a moment is no finding; code that slows others down does it every time."""
MAX_GROWTH_MIB = 600.0
"""Memory that a few hostile runs at once may leave with workers and buffers."""


@pytest.fixture
def workers_max() -> int:
    return 16


async def test_others_hardly_notice(target: Target) -> None:
    target.odoo.faults.add(Fault(delay_s=BACKEND_S), times=None)
    await _benign(target, 5)
    begun = _family()
    growths: list[float] = []
    for _ in range(ATTEMPTS):
        alone, beside = await _both(target)
        growths.append(_p99(beside) / _p99(alone))
        if growths[-1] < GROWTH_LIMIT:
            break
    assert growths[-1] < GROWTH_LIMIT, f"p99 of a benign tool grew {growths} times"
    assert target.odoo.writes == []
    await _quiet(target)
    children, resident_mib = _family()
    assert children <= begun[0] + 16 + 2, "workers pile up"
    assert resident_mib - begun[1] < MAX_GROWTH_MIB, f"{begun[1]:.0f} MiB became {resident_mib:.0f} MiB"


async def _both(target: Target) -> tuple[list[float], list[float]]:
    alone: list[float] = []
    beside: list[float] = []
    corpus = itertools.cycle([*REACHING_OUT.values(), *EXHAUSTING.values(), *WALKING.values()])
    for _ in range(ROUNDS):
        alone += await _benign(target, RUNS)
        async with TaskScope("hostile") as scope:
            for _ in range(HOSTILE_AT_ONCE):
                scope.start(_hostile(target, corpus), name="hostile")
            await asyncio.sleep(0.1)
            beside += await _benign(target, RUNS)
        await _quiet(target)
    return alone, beside


async def _benign(target: Target, runs: int) -> list[float]:
    """Seconds of each run."""

    async def lane() -> list[float]:
        took: list[float] = []
        for _ in range(runs):
            started = time.perf_counter()
            reply = await target.run(BENIGN)
            took.append(time.perf_counter() - started)
            assert reply.status == pb.RUN_STATUS_OK, reply.model_text
        return took

    return [seconds for lane_s in await all_of(*(lane() for _ in range(BENIGN_AT_ONCE))) for seconds in lane_s]


async def _hostile(target: Target, corpus: Iterator[str]) -> None:
    for code in corpus:
        await target.run(code, tenant=ATTACKER)


async def _quiet(target: Target) -> None:
    """What was still running has ended."""
    async with asyncio.timeout(30):
        await target.runner.drain()


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99) - 1]


def _family() -> tuple[int, float]:
    """How many processes came of this one, and the MiB that it and they have resident, without what is free and only not given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [os.getpid()], [os.getpid()]
    while waiting:
        young = children.get(waiting.pop(), [])
        found += young
        waiting += young
    return len(found) - 1, sum(_resident_mib(pid) for pid in found)


def _resident_mib(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, IndexError):
        return 0.0
