"""Climbs from one call to as many as the platform carries, then has it interrupted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from callstage_kit.tasks import in_thread

from callstage_testing.bench.caller_processes import CallerProcesses, caller_processes
from callstage_testing.bench.counters import Sample, costs, late_frames, least, sample
from callstage_testing.bench.fakes_process import FakeVendors
from callstage_testing.bench.plan import BenchPlan
from callstage_testing.bench.rung import Rung, Spread, make_rung
from callstage_testing.bench.targets import Target

_WARM_UP_S = 8.0
_SETTLE_S = 2.0
_IDLE_S = 4.0
Say = Callable[[str], None]


@dataclass(slots=True)
class Interruptions:
    """Barge-in: caller starts to speak → `clear` at the carrier."""

    clear: Spread
    missed: int
    leaked_s: float


@dataclass(slots=True)
class Climb:
    """All rungs up to the first that failed."""

    rungs: list[Rung] = field(default_factory=list[Rung])
    faults: dict[int, str] = field(default_factory=dict[int, str])
    interruptions: Interruptions | None = None
    troubles: list[str] = field(default_factory=list[str])
    """What did not work at all."""
    idle_cores: float = 0.0
    """Cores that the platform keeps busy without a call."""
    has_priority: bool = True
    """The carrier was let run before the platform."""

    @property
    def baseline_p95_ms(self) -> float | None:
        """p95 overhead of the lowest rung."""
        return self.rungs[0].overhead.p95 if self.rungs else None

    @property
    def limit(self) -> int | None:
        """The most calls that passed."""
        return max((rung.calls for rung in self.rungs if rung.calls not in self.faults), default=None)

    def rung(self, calls: int) -> Rung | None:
        return next((rung for rung in self.rungs if rung.calls == calls), None)


class Climber:
    """Runs rung after rung against one target."""

    def __init__(self, plan: BenchPlan, target: Target, vendors: FakeVendors, say: Say) -> None:
        self._plan = plan
        self._target = target
        self._vendors = vendors
        self._say = say
        self._idle: Sample | None = None
        self._has_priority = True

    async def climb(self) -> Climb:
        """Stops at the first rung that fails; the rest of the run goes on."""
        result = Climb()
        await self._warm_up(result)
        for calls in self._plan.ladder:
            if not await self._step(calls, result):
                break
        await self._interrupt(result)
        result.has_priority = self._has_priority
        return result

    async def _warm_up(self, result: Climb) -> None:
        """A few short calls, so that what each process loads on first use counts neither as memory nor as time of a call."""
        try:
            async with caller_processes(self._target, calls=2 * self._plan.runtimes, steady_s=_WARM_UP_S) as callers:
                report = await callers.report()
        except (TimeoutError, RuntimeError, ValueError) as err:
            result.troubles.append(f"warm-up call: {type(err).__name__}: {err}")
        else:
            result.troubles += [f"warm-up call: {call.failure} {call.problems}" for call in report.calls if call.failure]
        await asyncio.sleep(_SETTLE_S)
        before = await self._sample([])
        await asyncio.sleep(_IDLE_S)
        idle = self._idle = await self._sample([])
        names = [*self._target.services(), *self._target.servers()]
        result.idle_cores = sum(idle.groups[name].cpu_s - before.groups[name].cpu_s for name in names) / _IDLE_S

    async def _step(self, calls: int, result: Climb) -> bool:
        steady_s = self._plan.steady_of(calls)
        idle = self._idle = least(self._idle, await self._sample([]))
        try:
            async with caller_processes(self._target, calls=calls, steady_s=steady_s) as callers:
                rung = await self._measure(calls, callers, idle)
        except (TimeoutError, RuntimeError, ValueError, OSError) as err:
            result.troubles.append(f"{calls} calls: {type(err).__name__}: {err}")
            return False
        result.rungs.append(rung)
        fault = rung.fault(result.baseline_p95_ms if len(result.rungs) > 1 else None)
        if fault is not None:
            result.faults[calls] = fault
            if rung.response.count == 0:
                result.troubles.append(f"{calls} calls: {fault}; {'; '.join(rung.failures)}")
        self._say(_progress(rung, fault))
        await asyncio.sleep(_SETTLE_S)
        return fault is None

    async def _measure(self, calls: int, callers: CallerProcesses, idle: Sample) -> Rung:
        await in_thread(self._vendors.forget)
        late_before = await in_thread(late_frames, self._target.metrics_urls())
        await _until(callers.schedule.steady_at)
        before = await self._sample(callers.pids)
        await _until(callers.schedule.leave_at)
        after = await self._sample(callers.pids)
        report = await callers.report()
        self._has_priority = report.has_priority
        late_after = await in_thread(late_frames, self._target.metrics_urls())
        found = costs(idle, before, after, calls)
        records = await in_thread(self._vendors.records)
        return make_rung(
            calls,
            report,
            records,
            steady_at=callers.schedule.steady_at,
            late_frames=None if late_before is None or late_after is None else late_after - late_before,
            services={name: found[name] for name in self._target.services()},
            servers={name: found[name] for name in self._target.servers()},
            instruments={name: found[name] for name in ("fakes", "carrier")},
        )

    async def _sample(self, carrier_pids: list[int]) -> Sample:
        pids = {**self._target.services(), **self._target.servers(), "fakes": [self._vendors.pid], "carrier": carrier_pids}
        return await in_thread(sample, pids)

    async def _interrupt(self, result: Climb) -> None:
        plan = self._plan
        try:
            async with caller_processes(
                self._target, calls=plan.barge_in_calls, steady_s=plan.barge_ins_per_call * 20.0, barge_ins=plan.barge_ins_per_call
            ) as callers:
                report = await callers.report()
        except (TimeoutError, RuntimeError, ValueError, OSError) as err:
            result.troubles.append(f"barge-in: {type(err).__name__}: {err}")
            return
        barge_ins = [one for call in report.calls for one in call.barge_ins]
        cleared = [one.clear_ms for one in barge_ins if one.clear_ms is not None]
        result.interruptions = Interruptions(Spread.of(cleared), len(barge_ins) - len(cleared), sum(one.leaked_s for one in barge_ins))
        if not cleared:
            result.troubles.append(f"barge-in: no interruption was heard; {[call.failure for call in report.calls if call.failure]}")


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


def _progress(rung: Rung, fault: str | None) -> str:
    p50, p95 = rung.response.p50, rung.response.p95
    latency = f"{p50:.0f}/{p95:.0f} ms" if p50 is not None and p95 is not None else "no answer"
    return f"{rung.calls:4d} calls: {rung.turns} turns, response {latency}, {rung.platform_cpu:.2f} CPU s/call-min: {fault or 'pass'}"
