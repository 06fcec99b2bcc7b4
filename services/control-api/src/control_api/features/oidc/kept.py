"""One fetched value that many requests share: fetched when it is needed, by one of them, and never in a storm."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from callstage_domain.errors import DependencyError

T = TypeVar("T")
_RETRY_S = 3.0
"""Nobody asks a provider that just failed: whoever waits for it is told at once."""


class Kept(Generic[T]):
    """`fetch` raises DependencyError."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], *, for_s: float, clock: Callable[[], float] = monotonic) -> None:
        self._fetch = fetch
        self._for_s = for_s
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: tuple[T, float] | None = None
        self._failure: tuple[str, float] | None = None

    async def get(self, *, since: float = float("-inf")) -> T:
        """The value, fetched after `since` (of the clock) and at most `for_s` seconds ago. Raises DependencyError."""
        async with self._lock:
            moment = self._clock()
            if self._value is not None and self._value[1] >= since and moment - self._value[1] < self._for_s:
                return self._value[0]
            if self._failure is not None and moment - self._failure[1] < _RETRY_S:
                raise DependencyError(self._failure[0], vendor="oidc")
            try:
                value = await self._fetch()
            except DependencyError as err:
                self._failure = (err.message, self._clock())
                raise
            self._value, self._failure = (value, self._clock()), None
            return value
