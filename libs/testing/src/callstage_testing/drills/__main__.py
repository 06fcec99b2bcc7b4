"""`python -m callstage_testing.drills kills --count 100`, `… rolling --calls 20`: exit code 0 when nothing was lost and no gap was too long."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from dataclasses import replace

from callstage_testing.bench.fakes_process import fake_vendors
from callstage_testing.bench.plan import BenchPlan
from callstage_testing.bench.targets import StackTarget, stack_target
from callstage_testing.drills.fleet import Fleet
from callstage_testing.drills.kills import KillDrill
from callstage_testing.drills.report import MUST_S, render_kills, render_rolling
from callstage_testing.drills.rolling import RollingDrill

_DRAIN_S = 25


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m callstage_testing.drills", description=__doc__)
    drills = parser.add_subparsers(dest="drill", required=True)
    kills = drills.add_parser("kills", help="kill the runtime of a live call, again and again")
    kills.add_argument("--count", type=int, default=100)
    kills.add_argument("--seed", type=int, default=1)
    rolling = drills.add_parser("rolling", help="restart every process under live calls")
    rolling.add_argument("--calls", type=int, default=20)
    options = parser.parse_args()
    os.environ.setdefault("CALLSTAGE_DRAIN_TIMEOUT_S", str(_DRAIN_S))
    plan = BenchPlan.from_environment(os.environ)
    plan = replace(
        plan, home=plan.home.with_name("drill"), runtimes=3 if options.drill == "kills" else 2, gateways=1 if options.drill == "kills" else 2
    )
    plan.home.mkdir(parents=True, exist_ok=True)
    with fake_vendors() as vendors, stack_target(plan, vendors) as target:
        return asyncio.run(_kills(target, options.count, options.seed) if options.drill == "kills" else _rolling(target, options.calls))


async def _kills(target: StackTarget, count: int, seed: int) -> int:
    async with Fleet(target.stack) as fleet:
        kills = await KillDrill(target, fleet, seed).run(count)
    sys.stdout.write(render_kills(kills))
    return 0 if all(kill.own_s <= MUST_S and not kill.trouble for kill in kills) else 1


async def _rolling(target: StackTarget, calls: int) -> int:
    async with Fleet(target.stack) as fleet:
        report = await RollingDrill(target, fleet).run(calls)
    sys.stdout.write(render_rolling(report))
    return 0 if not any(call.trouble or call.lost for call in report.calls) else 1


if __name__ == "__main__":
    sys.exit(main())
