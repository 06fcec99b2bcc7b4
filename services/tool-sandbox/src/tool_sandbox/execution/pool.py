"""The workers that execute tool code: processes of pydantic-monty, kept warm, replaced when they crash or hang (rule T5)."""

import asyncio
import random
import sys
import sysconfig
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import structlog
from callstage_domain.errors import LimitExceeded
from callstage_kit.telemetry.metrics import SANDBOX_POOL_READY_SECONDS, SANDBOX_WORKERS
from pydantic_monty import AsyncMonty, AsyncMontySession, OSPolicy, ResourceLimits

from tool_sandbox.execution.limits import RunLimits

_log = structlog.get_logger(__name__)
_LAUNCHER: Final = "callstage-monty-worker"
_CLOSE_PAUSE_S: Final = 0.03
"""pydantic-monty 1.4: leaving the event loop within 20 ms after the pool closed can abort the interpreter."""
_HUNG_GRACE_S: Final = 1.0
_SUSPENSIONS_PER_CALL: Final = 4
_CHECK_TIMEOUT_S: Final = 10.0


class WorkerPool:
    """Entered: `min_workers` are ready. Type checking has a worker of its own, because it keeps 30 MB."""

    def __init__(self, *, min_workers: int, max_workers: int, wait_s: float, runs_per_worker: int, cpu_s: float, is_hardened: bool = True) -> None:
        launcher = _launcher() if is_hardened else None
        if is_hardened and launcher is None:
            _log.warning("worker_launcher_missing", name=_LAUNCHER)
        self._runs = AsyncMonty(
            binary_path=launcher,
            min_processes=min_workers,
            max_processes=max_workers,
            checkout_timeout=wait_s,
            request_timeout=cpu_s + 2 * _HUNG_GRACE_S,
            max_checkouts_per_worker=runs_per_worker,
            feed_duration_limit_grace=_HUNG_GRACE_S,
            turn_duration_limit_grace=_HUNG_GRACE_S,
        )
        self._checks = AsyncMonty(
            binary_path=launcher,
            min_processes=0,
            max_processes=2,
            checkout_timeout=wait_s,
            request_timeout=_CHECK_TIMEOUT_S,
            max_checkouts_per_worker=200,
        )
        self._is_hardened = is_hardened

    async def __aenter__(self) -> Self:
        started = time.monotonic()
        await self._runs.__aenter__()
        SANDBOX_POOL_READY_SECONDS.set(time.monotonic() - started)
        try:
            await self._checks.__aenter__()
            await self._report()
        except BaseException:
            await self._runs.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            await self._checks.__aexit__(exc_type, exc, traceback)
        finally:
            await self._runs.__aexit__(exc_type, exc, traceback)
            await asyncio.sleep(_CLOSE_PAUSE_S)

    @asynccontextmanager
    async def session(self, limits: RunLimits, *, clock: datetime, seed: str) -> AsyncGenerator[AsyncMontySession]:
        """A fresh session in a worker. `clock` and `seed` make a repeated run take the same path (rule T8). Raises LimitExceeded (`busy`)."""
        resources: ResourceLimits = {
            "max_feed_duration_secs": min(limits.cpu_s, limits.timeout_s),
            "max_memory": limits.memory_bytes,
            "max_suspensions": limits.host_calls * _SUSPENSIONS_PER_CALL + 100,
            "max_recursion_depth": 500,
            # A sleep is charged before it is slept; the deadline of the run ends it.
            "max_total_sleep_secs": limits.timeout_s + 10,
        }
        policy: OSPolicy = {"datetime": clock, "timezone": "utc", "random_start": {"seed": seed}, "sleep": "system"}
        checkout = self._runs.checkout(script_name="tool", limits=resources, os_policy=policy)
        try:
            session = await checkout.__aenter__()
        except TimeoutError as err:
            raise LimitExceeded("no sandbox worker is free", code="busy") from err
        SANDBOX_WORKERS.labels("busy").inc()
        failure: tuple[Any, ...] = (None, None, None)
        try:
            yield session
        except BaseException:
            failure = sys.exc_info()
            raise
        finally:
            SANDBOX_WORKERS.labels("busy").dec()
            await checkout.__aexit__(*failure)

    @asynccontextmanager
    async def checker(self, stubs: str) -> AsyncGenerator[AsyncMontySession]:
        """A session that checks types against `stubs` before it runs anything; findings come as JSON."""
        limits: ResourceLimits = {"max_feed_duration_secs": 1.0, "max_memory": 64 << 20, "max_suspensions": 10}
        async with self._checks.checkout(
            script_name="tool", limits=limits, type_check=True, type_check_stubs=stubs, type_check_format="json"
        ) as session:
            yield session

    async def _report(self) -> None:
        """Say once what the kernel grants."""
        async with self._runs.checkout(script_name="probe") as session:
            pid = session.worker_pid
        status = await asyncio.to_thread(_status_of, pid)
        _log.info("sandbox_workers_ready", is_launched=self._is_hardened, **status)


def _launcher() -> Path | None:
    folder = Path(sysconfig.get_path("scripts"))
    return folder / _LAUNCHER if (folder / _LAUNCHER).is_file() and (folder / "monty").is_file() else None


def _status_of(pid: int | None) -> dict[str, Any]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {"no_new_privs": fields.get("NoNewPrivs") == "1", "seccomp": fields.get("Seccomp", "0") != "0", "has_environment": bool(environment)}


def run_seed(tenant_id: str, run_key: str) -> str:
    """Seed of `random` in a run: the same for every attempt, different for every run."""
    return f"{tenant_id}/{run_key}" if run_key else str(random.random())
