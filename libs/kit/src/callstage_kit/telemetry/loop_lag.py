"""How late timers fire: the earliest sign of an overloaded process."""

import asyncio
from types import TracebackType
from typing import Self

from callstage_kit.health import Health
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import LOOP_LAG_SECONDS

_INTERVAL_S = 0.25
_SMOOTHING = 0.25
"""Weight of one measurement: not one garbage collection decides, but a second of lateness does."""


class LoopLagMonitor:
    """Measures while entered; `health` is told, too."""

    def __init__(self, health: Health | None = None) -> None:
        self._health = health
        self._scope = TaskScope("loop_lag")

    async def __aenter__(self) -> Self:
        self._scope.start(self._measure(), name="measure")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _INTERVAL_S
            await asyncio.sleep(_INTERVAL_S)
            late_s = max(0.0, loop.time() - due)
            LOOP_LAG_SECONDS.observe(late_s)
            if self._health is not None:
                self._health.loop_lag_s += _SMOOTHING * (late_s - self._health.loop_lag_s)
