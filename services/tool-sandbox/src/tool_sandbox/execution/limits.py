"""What one run may use (rule T6), and how many runs a tenant may have (fairness)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from callstage_domain.errors import LimitExceeded

MAX_CODE_BYTES = 128 * 1024
MAX_ARGS_BYTES = 128 * 1024
MAX_SESSION_BYTES = 512 * 1024
_QUEUE_PER_PLACE = 8


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Limits of one run. `timeout_s` is wall clock, `cpu_s` only counts while tool code executes."""

    timeout_s: float = 10.0
    cpu_s: float = 5.0
    memory_bytes: int = 64 << 20
    result_bytes: int = 256 << 10
    host_calls: int = 200
    log_lines: int = 200
    log_bytes: int = 32 << 10


@dataclass(slots=True)
class _Places:
    semaphore: asyncio.Semaphore
    interested: int = field(default=0)


class TenantPlaces:
    """A tenant's runs at the same time are bounded, so that it cannot starve another (rule T6)."""

    def __init__(self, places: int, wait_s: float) -> None:
        self._count = places
        self._wait_s = wait_s
        self._tenants: dict[str, _Places] = {}

    @asynccontextmanager
    async def hold(self, tenant_id: str) -> AsyncGenerator[None]:
        """One place while entered. Raises LimitExceeded (`busy`) when none gets free in time or too many wait already."""
        places = self._tenants.setdefault(tenant_id, _Places(asyncio.Semaphore(self._count)))
        if places.interested >= self._count * (1 + _QUEUE_PER_PLACE):
            raise LimitExceeded("too many tools of this tenant are waiting", code="busy")
        places.interested += 1
        try:
            await self._acquire(places.semaphore)
            try:
                yield
            finally:
                places.semaphore.release()
        finally:
            places.interested -= 1
            if places.interested == 0:
                self._tenants.pop(tenant_id, None)

    async def _acquire(self, semaphore: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                await semaphore.acquire()
        except TimeoutError as err:
            raise LimitExceeded("too many tools of this tenant are running", code="busy") from err
