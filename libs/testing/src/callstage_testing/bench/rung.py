"""One rung of the ladder in numbers: turns and counters put together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from callstage_testing.bench.attribution import Turn, VendorRecords, Waterfall, percentile
from callstage_testing.bench.callers import CallersReport
from callstage_testing.bench.counters import Cost

OVERHEAD_ALLOWANCE_MS = 150.0
UNDERRUN_LIMIT_PERCENT = 1.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles in milliseconds; None when nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None
    count: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        found = list(values)
        return cls(percentile(found, 0.5), percentile(found, 0.95), percentile(found, 0.99), len(found))


@dataclass(frozen=True, slots=True)
class Rung:
    """`calls` calls at the same time. Costs are per call (CPU seconds per call-minute, bytes)."""

    calls: int
    failed_calls: int
    turns: int
    unanswered: int
    early: int
    unexplained: int
    """Answered turns that the vendors' records do not account for."""
    response: Spread
    overhead: Spread
    own: Spread
    parts: Mapping[str, Spread]
    greeting: Spread
    underrun_percent: float
    late_frames: float | None
    services: Mapping[str, Cost]
    servers: Mapping[str, Cost]
    instruments: Mapping[str, Cost]
    late_ticks_percent: float
    fakes_lateness: Spread
    failures: tuple[str, ...]

    @property
    def service_cpu(self) -> float:
        """CPU seconds per call-minute of the five services."""
        return sum(cost.cpu_s_per_call_minute for cost in self.services.values())

    @property
    def platform_cpu(self) -> float:
        """The same with databases and broker."""
        return self.service_cpu + sum(cost.cpu_s_per_call_minute for cost in self.servers.values())

    @property
    def cores(self) -> float:
        """Cores that the platform keeps busy."""
        return self.platform_cpu * self.calls / 60

    @property
    def memory_bytes_per_call(self) -> float:
        """All services."""
        return sum(cost.memory_bytes_per_call for cost in self.services.values())

    def fault(self, baseline_p95_ms: float | None) -> str | None:
        """Why this rung fails, None when it passes. `baseline_p95_ms` is the p95 overhead of one call."""
        if not self.turns or self.unanswered == self.turns:
            return "nothing was answered"
        if self.failed_calls:
            return f"{self.failed_calls} calls failed"
        if self.unanswered:
            return f"{self.unanswered} turns unanswered"
        if self.underrun_percent >= UNDERRUN_LIMIT_PERCENT:
            return f"underruns {self.underrun_percent:.2f} %"
        limit = (baseline_p95_ms or 0.0) + OVERHEAD_ALLOWANCE_MS
        if baseline_p95_ms is not None and self.overhead.p95 is not None and self.overhead.p95 >= limit:
            return f"p95 overhead {self.overhead.p95:.0f} ms, limit {limit:.0f}"
        return None


def make_rung(
    calls: int,
    report: CallersReport,
    records: VendorRecords,
    *,
    steady_at: float,
    late_frames: float | None,
    services: Mapping[str, Cost],
    servers: Mapping[str, Cost],
    instruments: Mapping[str, Cost],
) -> Rung:
    """Turns whose speech ended before `steady_at` are left out of everything but the greeting."""
    turns = [turn for call in report.calls for turn in call.turns if turn.speech_ended_at >= steady_at]
    waterfalls = [found for turn in turns if (found := records.waterfall(turn)) is not None]
    answered = [turn for turn in turns if turn.is_answered and not turn.is_early]
    return Rung(
        calls=calls,
        failed_calls=sum(call.failure is not None for call in report.calls),
        turns=len(turns),
        unanswered=sum(not turn.is_answered for turn in turns),
        early=sum(turn.is_early for turn in turns),
        unexplained=len(answered) - len(waterfalls),
        response=Spread.of(turn.response_ms for turn in answered),
        overhead=Spread.of(one.overhead_ms for one in waterfalls),
        own=Spread.of(one.own_ms for one in waterfalls if one.has_finalize),
        parts=_parts(waterfalls),
        greeting=Spread.of(call.greeting_ms for call in report.calls if call.greeting_ms is not None),
        underrun_percent=_underruns(turns),
        late_frames=late_frames,
        services=services,
        servers=servers,
        instruments=instruments,
        late_ticks_percent=100 * report.late_ticks / max(1, report.ticks),
        fakes_lateness=Spread.of(records.lateness_ms),
        failures=tuple(_complaints(report)),
    )


def _parts(waterfalls: list[Waterfall]) -> dict[str, Spread]:
    names = ("p_stt", "p_llm", "p_tts", "s_eos", "s_turn", "s_agg", "s_out")
    of_finalize = ("p_stt", "s_turn")
    return {name: Spread.of(float(getattr(one, f"{name}_ms")) for one in waterfalls if one.has_finalize or name not in of_finalize) for name in names}


def _underruns(turns: list[Turn]) -> float:
    spoken_s = sum(turn.spoken_s for turn in turns)
    return 100 * sum(turn.dry_s for turn in turns) / spoken_s if spoken_s else 0.0


def _complaints(report: CallersReport) -> list[str]:
    """Each different complaint once, with how often it came."""
    counts: dict[str, int] = {}
    for call in report.calls:
        for text in [call.failure, *call.problems]:
            if text:
                counts[text[:160]] = counts.get(text[:160], 0) + 1
    return [f"{count} × {text}" for text, count in sorted(counts.items(), key=lambda item: -item[1])[:5]]


def as_json(rung: Rung) -> dict[str, Any]:
    """For bench.json, with the derived numbers."""
    derived = {
        "service_cpu": rung.service_cpu,
        "platform_cpu": rung.platform_cpu,
        "cores": rung.cores,
        "memory_bytes_per_call": rung.memory_bytes_per_call,
    }
    return asdict(rung) | derived
