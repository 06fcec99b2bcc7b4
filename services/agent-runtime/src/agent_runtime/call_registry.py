"""How many calls this process carries, and when the last one is gone."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from callstage_domain.errors import LimitExceeded
from callstage_kit.health import Health
from callstage_kit.telemetry.metrics import ACTIVE_CALLS


class CallRegistry:
    """Admission and drain."""

    def __init__(self, health: Health, max_calls: int) -> None:
        self._health = health
        self._max_calls = max_calls
        self._count = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @property
    def count(self) -> int:
        """Calls that run now."""
        return self._count

    @contextmanager
    def admitted(self, channel: str) -> Generator[None]:
        """Counts a call while entered. Raises LimitExceeded(code='overload') when full or draining."""
        if self._health.is_draining or self._count >= self._max_calls:
            raise LimitExceeded("this process takes no more calls", code="overload")
        self._count += 1
        self._is_empty.clear()
        ACTIVE_CALLS.labels(channel).inc()
        try:
            yield
        finally:
            self._count -= 1
            ACTIVE_CALLS.labels(channel).dec()
            if not self._count:
                self._is_empty.set()

    async def drained(self) -> None:
        """Until no call runs; the caller bounds it."""
        await self._is_empty.wait()
