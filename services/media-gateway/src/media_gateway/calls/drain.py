"""Leaving without dropping a call: carrier calls move to another gateway at a quiet moment, browsers are waited for."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from media_gateway.calls.registry import CallRegistry, RunningCall

_log = structlog.get_logger(__name__)
_LOOK_EVERY_S: Final = 0.05
_NOTICE_EVERY_S: Final = 0.5
"""A runtime that stops keeps its calls for longer than that."""
_LONGEST_WAIT_SHARE: Final = 0.8
"""Of the drain time; then carrier calls move even while somebody speaks, for a moved call is better than a cut one."""


_QUIET_S: Final = 1.0
"""A caller who is about to answer the agent begins within this time, and nobody would hear his first word."""
_CLOSE_TIMEOUT_S: Final = 3.0


async def drain_calls(registry: CallRegistry, stop_accepting: Callable[[], None], drain_timeout_s: float) -> None:
    """Returns when no call is left; the caller bounds the time. New sockets must land elsewhere, so the listening socket closes first."""
    stop_accepting()
    hurry_at_s = time.monotonic() + drain_timeout_s * _LONGEST_WAIT_SHARE
    _log.info("calls_draining", count=len(registry))
    quiet_since: dict[str, float] = {}
    while len(registry):
        now_s = time.monotonic()
        for session in registry:
            if session.leg.is_carrier and (_may_move(session, quiet_since, now_s) or now_s >= hurry_at_s):
                session.detach()
        await asyncio.sleep(_LOOK_EVERY_S)


async def leave_draining_runtimes(registry: CallRegistry) -> None:
    """For ever: a runtime that is about to stop loses its calls at their turn boundaries, not when it stops."""
    quiet_since: dict[str, float] = {}
    while True:
        moving = [session for session in registry if session.may_change_runtime]
        quiet_since = {call_id: since for call_id, since in quiet_since.items() if any(one.facts.call_id == call_id for one in moving)}
        for session in moving:
            if _may_move(session, quiet_since, time.monotonic()):
                session.change_runtime()
        await asyncio.sleep(_LOOK_EVERY_S if moving else _NOTICE_EVERY_S)


def _may_move(session: RunningCall, quiet_since: dict[str, float], now_s: float) -> bool:
    """At a turn boundary: the caller has said his piece and waits, or nobody has said anything for a while."""
    if not session.is_quiet:
        quiet_since.pop(session.facts.call_id, None)
        return False
    return session.awaits_answer or now_s - quiet_since.setdefault(session.facts.call_id, now_s) >= _QUIET_S


async def close_calls(registry: CallRegistry) -> None:
    """What the drain has left over ends or moves now; returns when that was told, or after three seconds."""
    for session in registry:
        session.shut_down()
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await registry.emptied()
    except TimeoutError:
        _log.warning("calls_left_open", count=len(registry))
