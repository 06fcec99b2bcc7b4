"""May a new call come in here and now (rules N5, AC4, WS5)."""

import time
from collections.abc import Callable
from typing import Final

import structlog
from callstage_contracts import redis_keys
from callstage_contracts.buckets import TenantRecord
from callstage_domain.call import EndedReason
from callstage_domain.errors import DependencyError

from media_gateway.bridge.runtime_links import RuntimeLinks
from media_gateway.calls.shared_store import SharedStore
from media_gateway.calls.slots import Slots
from media_gateway.settings import GatewaySettings

_log = structlog.get_logger(__name__)
_WINDOW_S: Final = 60
_LOCAL_LIMIT: Final = 10_000


class Admission:
    """`lag_ms` is the lateness of the media clock: the earliest sign of a process past its knee."""

    def __init__(self, settings: GatewaySettings, slots: Slots, links: RuntimeLinks, lag_ms: Callable[[], float]) -> None:
        self._settings = settings
        self._slots = slots
        self._links = links
        self._lag_ms = lag_ms

    @property
    def has_room_here(self) -> bool:
        """May this process itself carry one more call. The slots are those of all gateways, a stream may come to any of them."""
        return self._slots.has_room_here and self._lag_ms() <= self._settings.max_loop_lag_ms

    async def refusal(self, tenant: TenantRecord, call_id: str) -> EndedReason | None:
        """Why a new call cannot go to an agent; None: it can, and a slot is reserved for it."""
        if not self._links.is_open:
            return EndedReason.RUNTIME_LOST
        if self._lag_ms() > self._settings.max_loop_lag_ms:
            return EndedReason.OVERLOAD
        return await self._slots.take(call_id, tenant)

    def takeover_refusal(self) -> EndedReason | None:
        """The same for a running call that moves here: it is only refused without a runtime."""
        return None if self._links.is_open else EndedReason.RUNTIME_LOST


class ConnectionRate:
    """Connections per minute of one key, or resumes of one call, counted over all gateways; by this process alone while Redis is away."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self._local: dict[str, int] = {}

    @staticmethod
    def seconds_left(now_s: float) -> int:
        """Until the next window begins."""
        return _WINDOW_S - int(now_s) % _WINDOW_S

    async def allows(self, key: str, limit: int, *, scope: str = "ws") -> bool:
        """Counts this connection."""
        window = f"{key}:{int(time.time()) // _WINDOW_S}"
        try:
            count = await self._store.count(redis_keys.rate(scope, window), ttl_s=2 * _WINDOW_S)
        except DependencyError as err:
            _log.warning("rate_counted_locally", error=err.message)
            count = self._count_locally(f"{scope}:{window}")
        return count <= limit

    def _count_locally(self, window: str) -> int:
        count = self._local.pop(window, 0) + 1
        self._local[window] = count
        while len(self._local) > _LOCAL_LIMIT:
            del self._local[next(iter(self._local))]
        return count
