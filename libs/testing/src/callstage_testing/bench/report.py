"""The tables on the terminal and the JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from callstage_testing.bench.budgets import Budget, budgets
from callstage_testing.bench.counters import Cost
from callstage_testing.bench.ladder import Climb
from callstage_testing.bench.plan import BenchPlan
from callstage_testing.bench.rung import Rung, Spread, as_json
from callstage_testing.bench.tool_cost import ToolCost
from callstage_testing.bench.turn_taking import TurnTaking, turn_taking_lines


@dataclass(frozen=True, slots=True)
class BenchResult:
    """Everything one run found out. `reference_loop_s`: CPU seconds of the fixed loop on this machine."""

    plan: BenchPlan
    cores: int
    reference_loop_s: float
    started_in_s: float | None
    has_priority: bool
    climb: Climb
    tool: ToolCost | None
    tool_note: str = ""
    turn_taking: TurnTaking | None = None

    @property
    def budgets(self) -> list[Budget]:
        return budgets(self.climb, self.tool)


def render(result: BenchResult) -> str:
    """Plain text, tables as Markdown."""
    climb = result.climb
    sections = [_machine(result), _ladder_table(climb), _parts_table(climb), _cost_table(climb, result.reference_loop_s), _single_numbers(result)]
    sections.append(_table(["metric", "must", "stretch", "measured", "verdict"], [_budget_row(one) for one in result.budgets]))
    sections.append(turn_taking_lines(result.turn_taking))
    if climb.troubles:
        sections.append("Did not work:\n" + "\n".join(f"- {trouble}" for trouble in climb.troubles))
    return "\n\n".join(section for section in sections if section) + "\n"


def write_json(result: BenchResult, path: Path) -> None:
    """The same and more, with every rung."""
    climb = result.climb
    data: dict[str, Any] = {
        "plan": {**asdict(result.plan), "home": str(result.plan.home), "report_path": str(path)},
        "cores": result.cores,
        "reference_loop_s": result.reference_loop_s,
        "started_in_s": result.started_in_s,
        "has_priority": result.has_priority,
        "idle_cores": climb.idle_cores,
        "rungs": [as_json(rung) | {"fault": climb.faults.get(rung.calls)} for rung in climb.rungs],
        "barge_in": asdict(climb.interruptions) if climb.interruptions else None,
        "tool": asdict(result.tool) if result.tool else None,
        "tool_note": result.tool_note,
        "turn_taking": asdict(result.turn_taking) if result.turn_taking else None,
        "budgets": [asdict(one) | {"verdict": one.verdict} for one in result.budgets],
        "troubles": climb.troubles,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1) + "\n")


def _machine(result: BenchResult) -> str:
    plan = result.plan
    kind = f"{plan.runtimes} agent-runtime, {plan.gateways} media-gateway" if plan.target == "stack" else "floor bot"
    start = f", ready in {result.started_in_s:.1f} s" if result.started_in_s is not None else ""
    nice = "" if result.has_priority else "; carrier and fakes without priority (not permitted here): their lateness may show as the platform's"
    return f"{result.cores} cores, reference loop {result.reference_loop_s * 1000:.0f} ms; {kind}{start}{nice}"


def _ladder_table(climb: Climb) -> str:
    head = [
        "N",
        "turns",
        "latency p50/p95/p99",
        "overhead p50/p95",
        "greeting p50/p95",
        "underrun %",
        "late frames",
        "unanswered",
        "early",
        "verdict",
    ]
    rows = [
        [
            str(rung.calls),
            str(rung.turns),
            _spread(rung.response, with_p99=True),
            _spread(rung.overhead),
            _spread(rung.greeting),
            f"{rung.underrun_percent:.2f}",
            "?" if rung.late_frames is None else f"{rung.late_frames:.0f}",
            str(rung.unanswered),
            str(rung.early),
            f"FAIL: {climb.faults[rung.calls]}" if rung.calls in climb.faults else "PASS",
        ]
        for rung in climb.rungs
    ]
    notes = [f"{rung.calls} calls: {text}" for rung in climb.rungs for text in rung.failures]
    return _table(head, rows) + ("\n\n" + "\n".join(notes) if notes else "")


def _parts_table(climb: Climb) -> str:
    names = ("p_stt", "p_llm", "p_tts", "s_eos", "s_turn", "s_agg", "s_out")
    head = ["N (ms, p50/p95)", *names, "own code", "unexplained"]
    return _table(
        head,
        [
            [str(rung.calls), *(_spread(rung.parts[name], digits=1) for name in names), _spread(rung.own, digits=1), str(rung.unexplained)]
            for rung in climb.rungs
        ],
    )


def _cost_table(climb: Climb, reference_s: float) -> str:
    if not climb.rungs:
        return ""
    services, servers = list(climb.rungs[0].services), list(climb.rungs[0].servers)
    head = [
        "N: CPU-s/call-min",
        *services,
        *servers,
        "sum",
        "in reference loops",
        "cores",
        "MB/call",
        "fakes",
        "carrier",
        "late ticks %",
        "fakes late p50/p95 ms",
    ]
    rows = [
        [
            str(rung.calls),
            *(_cpu(rung.services, name) for name in services),
            *(_cpu(rung.servers, name) for name in servers),
            f"{rung.platform_cpu:.3f}",
            f"{rung.platform_cpu / reference_s:.1f}",
            f"{rung.cores:.2f}",
            f"{rung.memory_bytes_per_call / 1e6:.2f}",
            _cpu(rung.instruments, "fakes"),
            _cpu(rung.instruments, "carrier"),
            f"{rung.late_ticks_percent:.2f}",
            _spread(rung.fakes_lateness, digits=1),
        ]
        for rung in climb.rungs
    ]
    return _table(head, rows)


def _single_numbers(result: BenchResult) -> str:
    lines = [f"Without a call the platform keeps {result.climb.idle_cores:.3f} cores busy (part of every number above)"]
    barge_in = result.climb.interruptions
    if barge_in is not None:
        clear = _spread(barge_in.clear)
        lines.append(
            f"Barge-in → clear: {clear} ms p50/p95 of {barge_in.clear.count}, {barge_in.missed} missed, {barge_in.leaked_s:.2f} s leaked after clear"
        )
    tool = result.tool
    if tool is not None:
        over = _spread(tool.over, digits=2)
        lines.append(
            f"Tool run, 3 host calls: {_spread(tool.run, digits=2)} ms p50/p95, backend {_spread(tool.backend, digits=2)}, over backend {over}"
        )
        rate = "not measured" if tool.runs_per_s is None else f"{tool.runs_per_s:.0f} runs/s"
        ready = "not measured" if tool.pool_ready_s is None else f"{tool.pool_ready_s:.2f} s"
        lines.append(f"Tool runs with one host call, backend at zero latency: {rate}; cold pool of workers ready in {ready}")
    else:
        lines.append(f"Tool run: not measured ({result.tool_note})")
    return "\n".join(lines)


def _budget_row(one: Budget) -> list[str]:
    bound = "≥ " if one.is_lower_bound else ""
    measured = "-" if one.measured is None else f"{bound}{one.measured:.{one.digits}f} {one.unit}".strip()
    return [one.metric, f"{one.must:g} {one.unit}".strip(), f"{one.stretch:g} {one.unit}".strip(), measured, one.verdict]


def _cpu(costs: Mapping[str, Cost], name: str) -> str:
    return f"{costs[name].cpu_s_per_call_minute:.3f}" if name in costs else "-"


def _spread(spread: Spread, *, digits: int = 0, with_p99: bool = False) -> str:
    values = [spread.p50, spread.p95, *([spread.p99] if with_p99 else [])]
    return " / ".join("-" if value is None else f"{value:.{digits}f}" for value in values)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *(line(row) for row in rows)])


def is_useful(rungs: Sequence[Rung]) -> bool:
    """Something was answered."""
    return any(rung.response.count for rung in rungs)
