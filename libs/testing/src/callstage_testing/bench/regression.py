"""What a few calls cost in counters that do not depend on the machine's speed: for a test that notices when they grow."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from callstage_kit.redis.connection import connect_redis
from callstage_kit.tasks import in_thread

from callstage_testing.bench.caller_processes import caller_processes
from callstage_testing.bench.counters import costs, metric_sum, reference_loop_s, sample
from callstage_testing.bench.fakes_process import FakeVendors
from callstage_testing.bench.targets import StackTarget

_FIRST_TURN_S = 4.0
"""After all callers were greeted: what a process does only once is not a cost of calls."""


@dataclass(frozen=True, slots=True)
class CallCosts:
    """Of one run. Shares are of the platform's CPU, services and servers, per call-minute."""

    calls: int
    turns: int
    unanswered: int
    failures: tuple[str, ...]
    reference_s: float
    """CPU seconds of the reference loop, in the same minute."""
    in_loops: float
    """CPU of a call-minute in reference loops."""
    in_carriers: float
    """CPU of a call-minute in that of the simulated carrier, which does work of the same kind on the same machine at the same time."""
    link_messages_per_minute: float
    """Both directions, of the whole platform: they are for all calls of a tick."""
    journal_writes_per_turn: float
    events_per_turn: float


@dataclass(frozen=True, slots=True)
class _Counts:
    link_messages: float
    events: float
    journal_writes: float


async def measure_calls(target: StackTarget, vendors: FakeVendors, *, calls: int, steady_s: float) -> CallCosts:
    """Some calls for `steady_s`. Raises TimeoutError or RuntimeError when they do not come about."""
    loops = [await in_thread(reference_loop_s)]
    async with caller_processes(target, calls=calls, steady_s=steady_s + _FIRST_TURN_S) as callers:
        schedule = callers.schedule
        pids = {**target.services(), **target.servers(), "carrier": callers.pids}
        platform = [*target.services(), *target.servers()]
        await in_thread(vendors.forget)
        await asyncio.sleep(max(0.0, schedule.steady_at + _FIRST_TURN_S - time.monotonic()))
        counted, before = await _counts(target), await in_thread(sample, pids)
        await asyncio.sleep(steady_s / 2)
        loops.append(await in_thread(reference_loop_s))
        await asyncio.sleep(max(0.0, schedule.leave_at - time.monotonic()))
        after, counts = await in_thread(sample, pids), await _counts(target)
        report = await callers.report()
    found = costs(before, before, after, calls)
    cpu_s = sum(found[name].cpu_s_per_call_minute for name in platform)
    reference_s = sum(loops) / len(loops)
    turns = [turn for call in report.calls for turn in call.turns]
    # Turns overlap the window's ends: reckoned by the answers that began in it.
    answered = sum(before.at <= answer.first_at < after.at for turn in turns for answer in turn.heard[:1])
    return CallCosts(
        calls=calls,
        turns=answered,
        unanswered=sum(not turn.is_answered for turn in turns),
        failures=tuple(call.failure for call in report.calls if call.failure),
        reference_s=reference_s,
        in_loops=cpu_s / reference_s,
        in_carriers=cpu_s / found["carrier"].cpu_s_per_call_minute,
        link_messages_per_minute=(counts.link_messages - counted.link_messages) * 60 / (after.at - before.at),
        journal_writes_per_turn=(counts.journal_writes - counted.journal_writes) / max(1, answered),
        events_per_turn=(counts.events - counted.events) / max(1, answered),
    )


async def _counts(target: StackTarget) -> _Counts:
    urls = target.metrics_urls()
    links = await in_thread(metric_sum, urls, "callstage_link_messages_total")
    events = await in_thread(metric_sum, urls, 'callstage_events_total{outcome="published"')
    if links is None or events is None:
        raise RuntimeError("a service does not give its metrics")
    return _Counts(links, events, await _script_calls(target.stack.dev["redis_url"]))


async def _script_calls(url: str) -> int:
    """A journal is written by one script; calls without tools run no other often."""
    async with connect_redis(url) as redis:
        stats: dict[str, dict[str, int]] = await redis.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))
