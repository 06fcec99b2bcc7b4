"""`python -m callstage_testing.bench`: measures, prints the tables, writes bench.json. Never fails on time, only when something does not work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from callstage_testing.bench.counters import reference_loop_s
from callstage_testing.bench.fakes_process import FakeVendors, fake_vendors
from callstage_testing.bench.ladder import Climb, Climber
from callstage_testing.bench.plan import BenchPlan
from callstage_testing.bench.report import BenchResult, is_useful, render, write_json
from callstage_testing.bench.targets import StackTarget, Target, floor_target, stack_target
from callstage_testing.bench.tool_cost import NotPossible, ToolCost, measure_tool
from callstage_testing.bench.turn_taking import measure_turn_taking


def main() -> int:
    """0, or 1 when nothing could be measured or a part did not work at all."""
    signal.signal(signal.SIGTERM, _terminated)
    plan = BenchPlan.from_environment(os.environ)
    try:
        result = run_bench(plan)
    except RuntimeError as err:
        _say(f"bench: {err}")
        return 1
    sys.stdout.write("\n" + render(result))
    write_json(result, plan.report_path)
    _say(f"\nwritten to {plan.report_path}")
    return 0 if is_useful(result.climb.rungs) and not result.climb.troubles else 1


def run_bench(plan: BenchPlan) -> BenchResult:
    """The whole run. Raises RuntimeError when the platform does not start."""
    plan.home.mkdir(parents=True, exist_ok=True)
    reference_s = reference_loop_s()
    with fake_vendors() as vendors:
        _say(f"bench: starting {'the platform' if plan.target == 'stack' else 'the floor bot'} …")
        if plan.target == "floor":
            with floor_target(vendors) as floor:
                climb, _, _ = asyncio.run(_measure(plan, floor, vendors))
            return _result(plan, reference_s, None, climb, None, "the floor has no tools")
        with stack_target(plan, vendors) as stack:
            climb, tool, note = asyncio.run(_measure(plan, stack, vendors))
            return _result(plan, reference_s, stack.stack.started_in_s, climb, tool, note)


async def _measure(plan: BenchPlan, target: Target, vendors: FakeVendors) -> tuple[Climb, ToolCost | None, str]:
    climb = await Climber(plan, target, vendors, _say).climb()
    if not isinstance(target, StackTarget):
        return climb, None, ""
    try:
        return climb, await measure_tool(target, vendors.urls["odoo"], plan.tool_runs), ""
    except NotPossible as err:
        return climb, None, str(err)


def _result(plan: BenchPlan, reference_s: float, started_in_s: float | None, climb: Climb, tool: ToolCost | None, note: str) -> BenchResult:
    turn_taking = measure_turn_taking(Path.cwd()) if plan.target == "stack" else None
    return BenchResult(plan, os.cpu_count() or 1, reference_s, started_in_s, climb.has_priority, climb, tool, note, turn_taking)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
