"""The clock of a call: milliseconds since it was opened, across processes."""

import asyncio
import time


class SessionClock:
    """Steady from `opened_at` on."""

    def __init__(self) -> None:
        self._now_s = asyncio.get_running_loop().time
        self._base_ms = self._now_s() * 1000

    def opened_at(self, at_ms: float) -> float:
        """The call was opened at that Unix time, by whichever process; 0: now. Returns how long ago."""
        elapsed_ms = max(0.0, time.time() * 1000 - at_ms) if at_ms else 0.0
        self._base_ms -= elapsed_ms
        return elapsed_ms

    def now_ms(self) -> float:
        """Now."""
        return self._now_s() * 1000 - self._base_ms
