"""Proves what a bench run decides from its numbers: when a rung fails, what a call costs, how budgets are judged."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from callstage_testing.bench.attribution import Heard, Turn, VendorRecords
from callstage_testing.bench.budgets import Budget
from callstage_testing.bench.callers import BargeIn, CallersReport, CallReport
from callstage_testing.bench.counters import Cost, Sample, Usage, costs, late_frames, least, reference_loop_s, sample
from callstage_testing.bench.ladder import Climb, Interruptions
from callstage_testing.bench.plan import BenchPlan, Schedule, parse_ladder
from callstage_testing.bench.report import BenchResult, render, write_json
from callstage_testing.bench.rung import Rung, Spread, make_rung


def plan(tmp_path: Path, **env: str) -> BenchPlan:
    return BenchPlan.from_environment({"CALLSTAGE_HOME": str(tmp_path), **env})


def turns(count: int, *, dry_s: float = 0.0) -> list[Turn]:
    return [Turn("+12025551000", at, at + 2, (Heard(at + 2.5, 6.0, dry_s),)) for at in range(count)]


def rung(calls: int, *, found: list[Turn] | None = None, failure: str | None = None, overhead_ms: float = 60.0) -> Rung:
    report = CallersReport([CallReport("+12025551000", 300.0, found if found is not None else turns(4), failure=failure)], ticks=100, late_ticks=1)
    made = make_rung(
        calls,
        report,
        VendorRecords(),
        steady_at=3.0,
        late_frames=0.0,
        services={"media-gateway": Cost(0.2, 1e6), "agent-runtime": Cost(0.3, 1.5e6)},
        servers={"redis": Cost(0.1, 0)},
        instruments={"fakes": Cost(0.05, 0), "carrier": Cost(0.1, 0)},
    )
    return replace(made, overhead=Spread(overhead_ms, overhead_ms, overhead_ms, 3))


def test_the_plan_comes_from_the_environment(tmp_path: Path) -> None:
    quick = plan(tmp_path, BENCH_QUICK="1")
    assert quick.ladder == (1, 5, 20)
    assert quick.report_path == tmp_path / "bench.json"
    assert plan(tmp_path).ladder[-1] == 250
    assert plan(tmp_path, BENCH_LADDER="20,1").ladder == (1, 20)
    for bad in ("", "0", "x"):
        with pytest.raises(ValueError, match=r"ladder|invalid literal"):
            parse_ladder(bad)
    with pytest.raises(ValueError, match="BENCH_TARGET"):
        plan(tmp_path, BENCH_TARGET="moon")


def test_calls_begin_spread_and_share_one_steady_window() -> None:
    many = Schedule.starting(100.0, calls=100, steady_s=45)
    assert many.dial_at[0] == 100.0
    assert many.dial_at[-1] < many.steady_at < 120
    assert many.leave_at - many.steady_at == pytest.approx(45)


def test_turns_of_the_ramp_do_not_count() -> None:
    assert rung(1).turns == 3
    assert rung(1).response.p50 == pytest.approx(500)


def test_a_rung_fails_for_each_of_its_reasons() -> None:
    assert rung(5).fault(60.0) is None
    assert rung(5, overhead_ms=210.0).fault(60.0) == "p95 overhead 210 ms, limit 210"
    assert rung(5, found=turns(4, dry_s=0.1)).fault(60.0) == "underruns 1.67 %"
    assert rung(5, failure="CallOver").fault(60.0) == "1 calls failed"
    silent = Turn("+12025551000", 5.0, 7.0)
    assert rung(5, found=[*turns(4), silent]).fault(60.0) == "1 turns unanswered"
    assert rung(5, found=[silent]).fault(60.0) == "nothing was answered"


def test_costs_are_per_call_and_minute() -> None:
    idle = Sample(0.0, {"a": Usage(5.0, 100)})
    found = costs(idle, Sample(10.0, {"a": Usage(6.0, 150)}), Sample(40.0, {"a": Usage(12.0, 300), "new": Usage(1.0, 20)}), calls=20)
    assert found["a"].cpu_s_per_call_minute == pytest.approx(0.6)
    assert found["a"].memory_bytes_per_call == 10.0
    assert found["new"].cpu_s_per_call_minute == pytest.approx(0.1)


def test_memory_is_compared_with_the_least_without_calls() -> None:
    first, later = Sample(0.0, {"a": Usage(5.0, 100), "b": Usage(1.0, 10)}), Sample(9.0, {"a": Usage(6.0, 80), "b": Usage(2.0, 30)})
    assert least(None, first) == first
    assert least(first, later).groups == {"a": Usage(6.0, 80), "b": Usage(2.0, 10)}


def test_this_process_has_used_something() -> None:
    taken = sample({"me": [1], "gone": [2**22 + 1]})
    assert taken.groups["me"].memory_bytes > 0
    assert taken.groups["gone"] == Usage()
    assert 0 < reference_loop_s() < 60


def test_late_frames_are_unknown_when_a_service_is_silent() -> None:
    assert late_frames([]) == 0
    assert late_frames(["http://127.0.0.1:9/metrics"]) is None


def test_verdicts() -> None:
    cpu = Budget("cpu", "s", 0.75, 0.3, None)
    assert cpu.verdict == "not measured"
    assert [replace(cpu, measured=value).verdict for value in (0.3, 0.5, 0.8)] == ["stretch", "must", "over"]
    calls = Budget("calls", "", 100, 250, 60, more_is_better=True)
    assert calls.verdict == "over"
    assert replace(calls, is_lower_bound=True).verdict == "not measured"
    assert [replace(calls, measured=value).verdict for value in (100, 250)] == ["must", "stretch"]


def test_the_report_has_every_budget_and_the_limit(tmp_path: Path) -> None:
    climb = Climb([rung(1), rung(20), rung(40, overhead_ms=300)], {40: "p95 overhead"}, Interruptions(Spread.of([210.0, 220.0]), 0, 0.0))
    result = BenchResult(plan(tmp_path), 2, 0.05, 9.0, True, climb, None, "the sandbox was not there")
    assert climb.limit == 20
    text = render(result)
    assert "FAIL: p95 overhead" in text
    assert "the sandbox was not there" in text
    write_json(result, tmp_path / "out" / "bench.json")
    data = json.loads((tmp_path / "out" / "bench.json").read_text())
    assert {entry["metric"]: entry["verdict"] for entry in data["budgets"]}["p95 overhead at 20 calls"] == "stretch"
    assert data["rungs"][1]["platform_cpu"] == pytest.approx(0.6)
    assert len(data["budgets"]) == 11


def test_a_report_of_callers_survives_its_pipe() -> None:
    report = CallersReport(
        [CallReport("+12025551000", 300.0, turns(2), [BargeIn(210.0), BargeIn(None)], "TimeoutError", ["stream"])], 10, 1, 3.5, True
    )
    assert CallersReport.from_json(report.to_json()) == report
    with pytest.raises(ValueError, match="validation error"):
        CallersReport.from_json("{}")
