"""Does a vendor answer, and does it accept the key? Asked with a request that costs nothing, and kept for some seconds (rule A5)."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from callstage_domain.errors import CallstageError, DependencyError
from callstage_kit.tasks import all_of

from agent_runtime.providers import failures
from agent_runtime.providers.http_stream import http_failures
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.vendor import Making, Vendor

_LIMIT_S: Final = 3.0
_KEPT_S: Final = 10.0
_MAX_KEPT: Final = 1024
_KEY_REFUSED: Final = (401, 402)
_BUSY: Final = 429
_FIRST_SERVER_STATUS: Final = 500


@dataclass(frozen=True, slots=True)
class VendorHealth:
    """`error` is a code of `failures`, "" for none."""

    vendor: str
    latency_ms: int
    error: str
    is_own_key: bool

    @property
    def is_healthy(self) -> bool:
        """It answers, and knows the key."""
        return not self.error


class VendorChecks:
    """One question per vendor and key at a time: whoever asks meanwhile gets the same answer."""

    def __init__(self, registry: ProviderRegistry) -> None:
        self._registry = registry
        self._kept: OrderedDict[tuple[str, str, str], tuple[float, VendorHealth]] = OrderedDict()
        self._locks: OrderedDict[tuple[str, str, str], asyncio.Lock] = OrderedDict()

    async def check(self, tenant_id: str, vendors: list[str]) -> list[VendorHealth]:
        """Those that are known and have a key, in the order given."""
        found = [(vendor, made) for vendor in dict.fromkeys(vendors) if (made := self._registry.making(vendor, tenant_id)) is not None]
        return await all_of(*(self._checked(tenant_id, vendor, making, is_own) for _, (vendor, making, is_own) in found)) if found else []

    async def _checked(self, tenant_id: str, vendor: Vendor, making: Making, is_own: bool) -> VendorHealth:
        key = (vendor.name, making.base_url, tenant_id if is_own else "")
        lock = self._locks.setdefault(key, asyncio.Lock())
        while len(self._locks) > _MAX_KEPT:
            self._locks.popitem(last=False)
        async with lock:
            known = self._kept.get(key)
            if known is not None and time.monotonic() - known[0] < _KEPT_S:
                return known[1]
            health = await _asked(vendor, making, is_own)
            self._kept[key] = (time.monotonic(), health)
            self._kept.move_to_end(key)
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
            return health


async def _asked(vendor: Vendor, making: Making, is_own: bool) -> VendorHealth:
    began, error = time.monotonic(), ""
    try:
        await _answered(vendor, making)
    except CallstageError as err:
        error = err.code
    return VendorHealth(vendor.name, int((time.monotonic() - began) * 1000), error, is_own)


async def _answered(vendor: Vendor, making: Making) -> None:
    """Raises DependencyError for everything that would also spoil a call. A status that only this question is refused with is none of that."""
    if vendor.health is None:
        return
    question = vendor.health(making)
    client = await making.http.ready()
    try:
        async with asyncio.timeout(_LIMIT_S):
            with http_failures(vendor.name, "first_byte"):
                response = await client.get(question.url, headers=question.headers)
    except TimeoutError as err:
        raise failures.timed_out(vendor.name, "first_byte") from err
    except ValueError as err:
        raise DependencyError(f"{vendor.name} has no valid address", vendor=vendor.name, code=failures.REFUSED, retryable=False) from err
    if response.status_code in (*_KEY_REFUSED, _BUSY) or response.status_code >= _FIRST_SERVER_STATUS:
        raise failures.by_status(vendor.name, response.status_code)
