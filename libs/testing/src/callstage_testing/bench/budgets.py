"""The budgets of the whole platform and what was measured against them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callstage_testing.bench.ladder import Climb
from callstage_testing.bench.rung import Rung
from callstage_testing.bench.tool_cost import ToolCost

Verdict = Literal["stretch", "must", "over", "not measured"]
_MB = 1_000_000
_BUSY_CALLS = 20


@dataclass(frozen=True, slots=True)
class Budget:
    """`measured` in `unit`; None when it could not be measured. Lower is better unless `more_is_better`."""

    metric: str
    unit: str
    must: float
    stretch: float
    measured: float | None
    digits: int = 0
    more_is_better: bool = False
    is_lower_bound: bool = False
    """Nothing failed: the true value may be higher than what was tried."""

    @property
    def verdict(self) -> Verdict:
        if self.measured is None:
            return "not measured"
        sign = -1 if self.more_is_better else 1
        if sign * self.measured <= sign * self.stretch:
            return "stretch"
        if sign * self.measured <= sign * self.must:
            return "must"
        return "not measured" if self.is_lower_bound else "over"


def budgets(climb: Climb, tool: ToolCost | None) -> list[Budget]:
    """In the order of the requirements. One call alone has few turns: typical latencies are those of 20 calls, or of the lowest rung without them."""
    busy = climb.rung(_BUSY_CALLS)
    typical = busy or (climb.rungs[0] if climb.rungs else None)
    limit = climb.limit
    at_limit = climb.rung(limit) if limit is not None else None
    barge_in = climb.interruptions
    return [
        Budget("CPU-s per call-minute at 20 calls, services and servers", "s", 0.75, 0.30, busy.platform_cpu if busy else None, 2),
        Budget(
            "calls on this machine, harness on it (highest rung that passed)",
            "",
            100,
            250,
            limit,
            more_is_better=True,
            is_lower_bound=not climb.faults,
        ),
        Budget("memory per call at our own limit, all services", "MB", 3.0, 0.6, _memory_mb(at_limit), 2),
        Budget("own code per turn, p50", "ms", 6.0, 2.5, typical.own.p50 if typical else None, 1),
        Budget("p95 overhead at 20 calls", "ms", 100, 60, busy.overhead.p95 if busy else None),
        Budget("response latency p50", "ms", 555, 400, typical.response.p50 if typical else None),
        Budget("barge-in → clear p95", "ms", 260, 225, barge_in.clear.p95 if barge_in else None),
        Budget("underruns at our own limit", "%", 0.1, 0.0, at_limit.underrun_percent if at_limit else None, 2),
        Budget("tool run with 3 host calls over backend time, p50", "ms", 5.0, 1.0, tool.over.p50 if tool else None, 1),
        Budget("tool runs in a second, backend at zero latency", "", 300, 500, tool.runs_per_s if tool else None, more_is_better=True),
        Budget("sandbox workers ready after a cold start", "s", 1.0, 0.5, tool.pool_ready_s if tool else None, 2),
    ]


def _memory_mb(rung: Rung | None) -> float | None:
    """None when the calls' memory is lost in what the processes gave back meanwhile."""
    return rung.memory_bytes_per_call / _MB if rung is not None and rung.memory_bytes_per_call > 0 else None
