"""Leaves a failing vendor alone for a while, so that not every sentence waits for it."""

import time
from collections.abc import Callable

from callstage_domain.errors import DependencyError

from agent_runtime.providers.failures import REFUSED, UNAUTHORISED


class Breaker:
    """Opens after `limit` failures in a row, at once for a key that is not accepted; after `rest_s` one request may try again.

    A refused request (bad model, bad voice) says nothing about the vendor's health and is not counted.
    """

    def __init__(self, *, limit: int = 3, rest_s: float = 15.0, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._rest_s = rest_s
        self._now = now
        self._failures = 0
        self._open_until = 0.0
        self.last_code: str | None = None

    @property
    def is_open(self) -> bool:
        """True: do not ask this vendor now."""
        return self._now() < self._open_until

    def succeeded(self) -> None:
        """A first result came."""
        self._failures, self._open_until, self.last_code = 0, 0.0, None

    def failed(self, error: DependencyError) -> None:
        """No result, or one that broke off."""
        self.last_code = error.code
        if error.code == REFUSED:
            return
        self._failures += 1
        if self._failures >= self._limit or error.code == UNAUTHORISED:
            self._open_until = self._now() + self._rest_s
