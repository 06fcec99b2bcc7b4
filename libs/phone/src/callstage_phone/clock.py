"""One timer for all calls of a process: every call gets its tick each 20 ms, the calls spread over four phases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import ClassVar
from weakref import WeakKeyDictionary

from callstage_phone.codec import PTIME_S

_PHASES = 4
_STEP_S = PTIME_S / _PHASES
_LATE_S = 0.01

Tick = Callable[[float], None]


def monotonic_of(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """The loop's own clock when it is virtual, else `time.monotonic` (uvloop's clock has only milliseconds)."""
    return _loop_time if getattr(loop, "is_virtual", False) else time.monotonic


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class TickWheel:
    """Calls each subscriber every 20 ms on an absolute schedule; ticks that were missed are made up for at once.

    `late_ticks` counts phases that ran more than 10 ms late: the instrument's own error, to be reported with a bench.
    """

    _wheels: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, TickWheel]] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Keeps no reference to the loop, or the registry of wheels would keep every loop alive.
        self.now = monotonic_of(loop)
        self._phases: list[dict[Tick, None]] = [{} for _ in range(_PHASES)]
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._step = 0
        self.ticks = 0
        self.late_ticks = 0
        self.worst_lateness_s = 0.0

    @classmethod
    def shared(cls) -> TickWheel:
        """The wheel of the running loop."""
        loop = asyncio.get_running_loop()
        wheel = cls._wheels.get(loop)
        if wheel is None:
            wheel = cls._wheels[loop] = cls(loop)
        return wheel

    def add(self, tick: Tick) -> None:
        min(self._phases, key=len)[tick] = None
        if self._handle is None:
            self._due = self.now() + _STEP_S
            self._schedule()

    def remove(self, tick: Tick) -> None:
        for phase in self._phases:
            phase.pop(tick, None)
        if self._handle is not None and not any(self._phases):
            self._handle.cancel()
            self._handle = None

    def _schedule(self) -> None:
        self._handle = asyncio.get_running_loop().call_later(max(0.0, self._due - self.now()), self._turn)

    def _turn(self) -> None:
        self._handle = None
        now = self.now()
        while self._due <= now + 0.0005:
            lateness = now - self._due
            self.ticks += 1
            self.late_ticks += lateness > _LATE_S
            self.worst_lateness_s = max(self.worst_lateness_s, lateness)
            for tick in list(self._phases[self._step]):
                tick(now)
            self._step = (self._step + 1) % _PHASES
            self._due += _STEP_S
            now = self.now()
        if any(self._phases):
            self._schedule()
