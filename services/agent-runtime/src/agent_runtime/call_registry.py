"""How many calls this process carries, and when the last one is gone."""

import asyncio
import math
from collections.abc import Generator
from contextlib import contextmanager

from callstage_domain.errors import LimitExceeded
from callstage_kit.health import Health
from callstage_kit.telemetry.metrics import ACTIVE_CALLS


class CallRegistry:
    """Admission and drain."""

    def __init__(self, health: Health, max_calls: int, max_loop_lag_s: float = math.inf) -> None:
        self._health = health
        self._max_calls = max_calls
        self._max_loop_lag_s = max_loop_lag_s
        self._count = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @property
    def count(self) -> int:
        """Calls that run now."""
        return self._count

    @contextmanager
    def admitted(self, channel: str, *, goes_on: bool = False) -> Generator[None]:
        """Counts a call while entered. Raises LimitExceeded(code='overload') when draining, full or late; one that `goes_on` is not too much."""
        is_full = self._count >= self._max_calls or self._health.loop_lag_s > self._max_loop_lag_s
        if self._health.is_draining or (is_full and not goes_on):
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
