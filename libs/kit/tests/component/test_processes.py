"""Rules MT1 MT2 for a container of several processes: one address, one health, one set of metrics; one that dies or hangs is started again."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from callstage_testing.servers import free_port, free_ports

_FOLDER = Path(__file__).parent / "served"


@dataclass
class _Running:
    process: asyncio.subprocess.Process
    http: aiohttp.ClientSession
    admin: str
    public: str

    async def get(self, url: str) -> tuple[int, str]:
        try:
            async with self.http.get(url, timeout=aiohttp.ClientTimeout(total=2), headers={"connection": "close"}) as response:
                return response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    async def pids(self) -> dict[str, int]:
        async with self.http.get(f"{self.admin}/healthz") as response:
            return (await response.json())["processes"]

    async def until(self, what: str, is_so: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(300):
            if await is_so():
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"never: {what}")

    async def all_ready(self) -> bool:
        status, text = await self.get(f"{self.admin}/readyz")
        return status == 200 and text.count("true") == 3

    async def names(self) -> set[str]:
        return {text for _, text in [await self.get(f"{self.public}/who") for _ in range(20)]}


@asynccontextmanager
async def _running(**extra: str) -> AsyncGenerator[_Running]:
    admin, public = free_ports(3), free_port()
    env = os.environ | {
        "PYTHONPATH": str(_FOLDER),
        "CALLSTAGE_PROCESSES": "2",
        "CALLSTAGE_INSTANCE": "pod",
        "CALLSTAGE_ADMIN_PORT": str(admin),
        "CALLSTAGE_HTTP_PORT": str(public),
        "CALLSTAGE_MASTER_KEYS": "k1:" + "A" * 43 + "=",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "obedient_service", env=env | extra)
    try:
        async with aiohttp.ClientSession() as http:
            yield _Running(process, http, f"http://127.0.0.1:{admin}", f"http://127.0.0.1:{public}")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_two_processes_share_the_address_and_tell_their_metrics_together() -> None:
    async with _running() as service:
        await service.until("both are ready", service.all_ready)
        assert await service.names() == {"pod-1", "pod-2"}
        _, metrics = await service.get(f"{service.admin}/metrics")
        counted = [line for line in metrics.splitlines() if line.startswith("callstage_emails_total{")]
        assert len(counted) == 2
        assert sum(float(line.rpartition(" ")[2]) for line in counted) == 20


async def test_one_that_dies_is_started_again_while_the_other_serves() -> None:
    async with _running() as service:
        await service.until("both are ready", service.all_ready)
        before = await service.pids()
        with suppress(aiohttp.ClientError):
            # Not a GET: the client would send that again, to the other process.
            await service.http.post(f"{service.public}/die")
        assert (await service.get(f"{service.admin}/readyz"))[0] == 200
        await service.until("both are ready again", service.all_ready)
        after = await service.pids()
        assert sum(before[name] == after[name] for name in before) == 1


async def test_a_stop_reaches_every_process() -> None:
    async with _running() as service:
        await service.until("both are ready", service.all_ready)
        pids = await service.pids()
        service.process.terminate()
        assert await asyncio.wait_for(service.process.wait(), 15) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids.values())


async def test_a_service_that_cannot_start_ends_with_its_exit_code() -> None:
    async with _running(OBEDIENT_FAILS="1") as service:
        assert await asyncio.wait_for(service.process.wait(), 15) == 7


async def test_an_admin_port_is_asked_for() -> None:
    async with _running(CALLSTAGE_ADMIN_PORT="0") as service:
        assert await asyncio.wait_for(service.process.wait(), 15) == 2


@pytest.mark.slow
async def test_one_that_hangs_is_killed_and_started_again() -> None:
    async with _running() as service:
        await service.until("both are ready", service.all_ready)
        before = await service.pids()
        await service.get(f"{service.public}/hang")

        async def is_another() -> bool:
            after = await service.pids()
            return sum(before[name] == after[name] for name in before) == 1 and await service.all_ready()

        await service.until("the one that hung is another", is_another)
