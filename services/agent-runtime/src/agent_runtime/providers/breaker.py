"""Leaves a failing vendor alone for a while, so that not every sentence waits for it."""

import time
from collections.abc import Callable
from typing import Literal

from callstage_domain.errors import DependencyError

from agent_runtime.providers.failures import OVERTAKEN, REFUSED, UNAUTHORISED

BreakerState = Literal["closed", "open", "half_open"]
_LONGEST_REST = 4
"""A vendor that stays broken rests up to so many times longer."""
_PROBE_S = 10.0
"""A probe without a verdict (its caller hung up, say) makes room for the next after this."""


class Breaker:
    """Opens after `limit` failures in a row, at once for a key that is not accepted; after `rest_s` one request at a time may try again.

    A refused request (bad model, bad voice) says nothing about the vendor's health and is not counted. A rest after a probe that failed, too,
    is twice as long as the one before.
    """

    def __init__(self, *, limit: int = 3, rest_s: float = 15.0, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._shortest_rest_s = self._rest_s = rest_s
        self._now = now
        self._failures = 0
        self._open_until: float | None = None
        self._probe_until: float | None = None
        self.last_code: str | None = None

    @property
    def state(self) -> BreakerState:
        """`half_open`: the rest is over, and nobody has had an answer since."""
        if self._open_until is None:
            return "closed"
        return "open" if self._now() < self._open_until else "half_open"

    @property
    def is_open(self) -> bool:
        """True: do not ask this vendor now."""
        return self.state == "open"

    def admits(self) -> bool:
        """May this request ask the vendor? A True in the half-open state makes it the probe: it must report how it went, or that it is `released`."""
        state = self.state
        if state != "half_open":
            return state == "closed"
        if self._probe_until is not None and self._now() < self._probe_until:
            return False
        self._probe_until = self._now() + _PROBE_S
        return True

    def released(self) -> None:
        """The request was given up, or has got as far as a connection: no verdict, and another may try."""
        self._probe_until = None

    def succeeded(self) -> None:
        """A first result came."""
        self._failures, self._open_until, self._probe_until, self.last_code = 0, None, None, None
        self._rest_s = self._shortest_rest_s

    def failed(self, error: DependencyError) -> None:
        """No result, or one that broke off."""
        self.last_code = error.code
        self._probe_until = None
        if error.code != REFUSED:
            self._count(is_final=error.code == UNAUTHORISED)

    def overtaken(self) -> None:
        """Slower than it usually is, and another one answered meanwhile: a vendor that stalls would otherwise be waited for again and again."""
        self.last_code, self._probe_until = OVERTAKEN, None
        self._count(is_final=False)

    def _count(self, *, is_final: bool) -> None:
        self._failures += 1
        if self._failures < self._limit and not is_final:
            return
        was = self.state
        if was == "half_open":
            self._rest_s = min(self._rest_s * 2, self._shortest_rest_s * _LONGEST_REST)
        if was != "open":
            self._open_until = self._now() + self._rest_s
