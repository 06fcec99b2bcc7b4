"""The processes of a running stack, as somebody who stops them sees them."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from typing import Any

import httpx2

from callstage_testing.stack import Stack

_POLL_S = 0.05
SERVICES = ("control-api", "email-poller", "tool-sandbox", "agent-runtime", "media-gateway")


@dataclass(frozen=True, slots=True)
class Member:
    """One process. `pid` 0: it is being started again."""

    name: str
    pid: int
    ready_url: str
    metrics_url: str


class Fleet:
    """Asks the processes of `stack`; enter it to hold one HTTP client."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = httpx2.AsyncClient(timeout=5)

    async def __aenter__(self) -> Fleet:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    def of(self, service: str) -> list[Member]:
        """Its processes now."""
        found: list[dict[str, Any]] = self._stack.dev["services"]
        return [Member(one["name"], one["pid"] or 0, one["ready_url"], one["metrics_url"]) for one in found if one["name"] == service]

    async def calls_of(self, member: Member) -> int:
        """How many calls it carries."""
        try:
            text = (await self._http.get(member.metrics_url)).text
        except httpx2.TransportError:
            return 0
        active = (line for line in text.splitlines() if line.startswith("callstage_active_calls{"))
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in active))

    async def busy(self, service: str) -> Member:
        """A process that carries a call. Raises RuntimeError when there is none."""
        for member in self.of(service):
            if member.pid and await self.calls_of(member):
                return member
        raise RuntimeError(f"no {service} carries a call")

    async def is_ready(self, member: Member) -> bool:
        """It takes work."""
        try:
            return bool(member.pid) and (await self._http.get(member.ready_url)).status_code == 200
        except httpx2.TransportError:
            return False

    async def all_ready(self, service: str, timeout_s: float = 60.0) -> None:
        """Until every process of it takes work. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not all([await self.is_ready(member) for member in self.of(service)]):  # noqa: ASYNC110  # another process sets no event here
                await asyncio.sleep(_POLL_S)

    async def stopped(self, member: Member, number: signal.Signals, timeout_s: float = 60.0) -> None:
        """Send a signal that ends it and wait until its supervisor has noticed. Raises TimeoutError."""
        os.kill(member.pid, number)
        async with asyncio.timeout(timeout_s):
            while any(one.pid == member.pid for one in self.of(member.name)):  # noqa: ASYNC110  # another process sets no event here
                await asyncio.sleep(_POLL_S)
