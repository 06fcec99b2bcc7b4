"""Proves MT1 MT2 for containers of several processes: calls spread, metrics and readiness are the container's, one that dies is replaced.

The two containers are started beside the stack, with the settings of its own processes.
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from callstage_phone.browser import BrowserCaller
from callstage_testing.servers import free_port, free_ports
from callstage_testing.stack import Stack

from tests.platform_steps import eventually, hears

_CALLS = 8


@dataclass(frozen=True)
class _Container:
    """Two processes of a service and the admin port that answers for them."""

    admin: str
    parent: subprocess.Popen[bytes]

    async def get(self, path: str) -> httpx2.Response | None:
        async with httpx2.AsyncClient(timeout=5) as http:
            try:
                return await http.get(self.admin + path)
            except httpx2.TransportError:
                return None

    async def pids(self) -> dict[str, int] | None:
        reply = await self.get("/healthz")
        return None if reply is None else reply.json()["processes"]

    async def all_ready(self) -> bool | None:
        reply = await self.get("/readyz")
        return None if reply is None or not all(reply.json()["processes"].values()) else True

    async def gauge(self, name: str) -> dict[str, float]:
        """A metric by process, summed over its other labels."""
        reply = await self.get("/metrics")
        assert reply is not None
        found: dict[str, float] = {}
        for process, value in re.findall(rf'^{name}\{{.*process="(\d)".*\}} (.+)$', reply.text, re.MULTILINE):
            found[process] = found.get(process, 0) + float(value)
        return found


@contextmanager
def _container(like: int, module: str, **settings: str) -> Generator[_Container]:
    admin = free_ports(3)
    inherited = dict(entry.split("=", 1) for entry in Path(f"/proc/{like}/environ").read_text().split("\0") if "=" in entry)
    own = {"CALLSTAGE_PROCESSES": "2", "CALLSTAGE_INSTANCE": f"{module}-pod", "CALLSTAGE_ADMIN_PORT": str(admin)}
    parent = subprocess.Popen([sys.executable, "-m", module], env=inherited | own | settings)
    try:
        yield _Container(f"http://127.0.0.1:{admin}", parent)
    finally:
        parent.terminate()
        assert parent.wait(30) == 0


@pytest.fixture(scope="module")
def containers(stack: Stack) -> Iterator[tuple[_Container, _Container, str]]:
    """Of agent-runtime and media-gateway, and where callers reach the latter."""
    grpc, http = free_ports(2), free_port()
    with (
        _container(stack.pids("agent-runtime")[0], "agent_runtime", CALLSTAGE_GRPC_PORT=str(grpc)) as runtime,
        _container(
            stack.pids("media-gateway")[0],
            "media_gateway",
            CALLSTAGE_HTTP_PORT=str(http),
            CALLSTAGE_RUNTIME_TARGETS=f"127.0.0.1:{grpc}-{grpc + 1}",
            CALLSTAGE_PUBLIC_URL=f"http://127.0.0.1:{http}",
        ) as gateway,
    ):
        yield runtime, gateway, f"ws://127.0.0.1:{http}/ws/voice"


@asynccontextmanager
async def _calls(stack: Stack, url: str) -> AsyncGenerator[list[BrowserCaller]]:
    query = {"api_key": stack.dev["api_key"], "agent_id": stack.dev["agent_id"]}
    async with AsyncExitStack() as held:
        callers = [await held.enter_async_context(BrowserCaller(url, query, microphone=False)) for _ in range(_CALLS)]
        for caller in callers:
            await caller.wait_for("connected", 15)
        yield callers


async def test_calls_spread_over_the_processes_and_all_are_answered(stack: Stack, containers: tuple[_Container, _Container, str]) -> None:
    runtime, gateway, url = containers
    for container in (runtime, gateway):
        await eventually(container.all_ready, timeout_s=40, what="both processes are ready")

    async def are_linked() -> bool | None:
        return await gateway.gauge("callstage_runtime_links") == {"1": 2, "2": 2} or None

    await eventually(are_linked, timeout_s=20, what="each gateway process has a link to each runtime process")
    async with _calls(stack, url) as callers:
        for caller in callers:
            caller.send_text("I want two large pizzas")
        await asyncio.gather(*(hears(caller, "name", timeout_s=30) for caller in callers))
        at_runtime, at_gateway = await runtime.gauge("callstage_active_calls"), await gateway.gauge("callstage_active_calls")
        # The gateway chooses the runtime with the fewest calls of its own, the kernel the gateway's process by a hash of the address.
        assert sum(at_gateway.values()) == sum(at_runtime.values()) == _CALLS
        assert set(at_runtime) == {"1", "2"}
        assert min(at_runtime.values()) >= 2


async def test_a_killed_process_comes_back_and_the_other_takes_the_calls(stack: Stack, containers: tuple[_Container, _Container, str]) -> None:
    _, gateway, url = containers
    await eventually(gateway.all_ready, timeout_s=40, what="both processes are ready")
    before = await gateway.pids()
    assert before is not None

    async def is_gone() -> bool | None:
        now = await gateway.pids()
        return True if now is not None and now["1"] != before["1"] else None

    os.kill(before["1"], signal.SIGKILL)
    # Connections that the kernel had given it die with it; those that come later go to the other.
    await eventually(is_gone, timeout_s=10, what="the parent notices")
    reply = await gateway.get("/readyz")
    assert reply is not None
    assert reply.status_code == 200
    async with _calls(stack, url) as callers:
        callers[0].send_text("I want two large pizzas")
        await hears(callers[0], "name", timeout_s=30)
    await eventually(gateway.all_ready, timeout_s=40, what="both processes are ready again")
    after = await gateway.pids()
    assert after is not None
    assert after["1"] != before["1"]
    assert after["2"] == before["2"]
