"""Leaving without dropping a call: carrier calls move to another gateway at a quiet moment, browsers are waited for."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from media_gateway.calls.registry import CallRegistry

_log = structlog.get_logger(__name__)
_LOOK_EVERY_S: Final = 0.05
_LONGEST_WAIT_SHARE: Final = 0.8
"""Of the drain time; then carrier calls move even while somebody speaks, for a moved call is better than a cut one."""


_CLOSE_TIMEOUT_S: Final = 3.0


async def drain_calls(registry: CallRegistry, stop_accepting: Callable[[], None], drain_timeout_s: float) -> None:
    """Returns when no call is left; the caller bounds the time. New sockets must land elsewhere, so the listening socket closes first."""
    stop_accepting()
    hurry_at_s = time.monotonic() + drain_timeout_s * _LONGEST_WAIT_SHARE
    _log.info("calls_draining", count=len(registry))
    while len(registry):
        is_late = time.monotonic() >= hurry_at_s
        for session in registry:
            if session.leg.is_carrier and (session.is_quiet or is_late):
                session.detach()
        await asyncio.sleep(_LOOK_EVERY_S)


async def close_calls(registry: CallRegistry) -> None:
    """What the drain has left over ends or moves now; returns when that was told, or after three seconds."""
    for session in registry:
        session.shut_down()
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await registry.emptied()
    except TimeoutError:
        _log.warning("calls_left_open", count=len(registry))
