"""The callers of one rung, spread over processes of their own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict

from callstage_kit.tasks import all_of

from callstage_testing.bench.callers import Assignment, CallersReport
from callstage_testing.bench.plan import Schedule
from callstage_testing.bench.tags import caller_number
from callstage_testing.bench.targets import Target

_CALLS_PER_PROCESS = 64
_START_S = 3.0
"""A process needs about a second to import its modules; on a busy machine more."""
_FINISH_LIMIT_S = 120.0
"""For the turns that run when the steady window ends."""


class CallerProcesses:
    """Running callers; `schedule` says when what happens."""

    def __init__(self, processes: list[asyncio.subprocess.Process], schedule: Schedule) -> None:
        self._processes = processes
        self.schedule = schedule

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    async def report(self) -> CallersReport:
        """Wait for all and put their reports together. Raises TimeoutError or RuntimeError."""
        async with asyncio.timeout(max(0.0, self.schedule.leave_at - time.monotonic()) + _FINISH_LIMIT_S):
            reports = await all_of(*(_report_of(process) for process in self._processes))
        return CallersReport(
            calls=[call for report in reports for call in report.calls],
            ticks=sum(report.ticks for report in reports),
            late_ticks=sum(report.late_ticks for report in reports),
            worst_lateness_ms=max(report.worst_lateness_ms for report in reports),
            has_priority=all(report.has_priority for report in reports),
        )


async def _report_of(process: asyncio.subprocess.Process) -> CallersReport:
    assert process.stdout is not None
    output = await process.stdout.read()
    if await process.wait() != 0:
        raise RuntimeError(f"a caller process ended with {process.returncode}")
    return CallersReport.from_json(output.decode())


@asynccontextmanager
async def caller_processes(target: Target, *, calls: int, steady_s: float, barge_ins: int = 0) -> AsyncGenerator[CallerProcesses]:
    """Start `calls` callers; what still runs at the end of the block is ended."""
    schedule = Schedule.starting(time.monotonic() + _START_S, calls=calls, steady_s=steady_s)
    count = -(-calls // _CALLS_PER_PROCESS)
    processes: list[asyncio.subprocess.Process] = []
    try:
        for number in range(count):
            mine = range(number, calls, count)
            assignment = Assignment(
                webhook_url=target.webhook_url,
                auth_token=target.auth_token,
                account_sid=target.account_sid,
                to=target.number,
                callers=tuple(caller_number(index) for index in mine),
                dial_at=tuple(schedule.dial_at[index] for index in mine),
                leave_at=schedule.leave_at,
                barge_ins=barge_ins,
            )
            processes.append(await _start(assignment))
        yield CallerProcesses(processes, schedule)
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _start(assignment: Assignment) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callstage_testing.bench.callers",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(assignment)).encode())
    await process.stdin.drain()
    process.stdin.close()
    return process
