"""Start, signals, drain, stop: the same for every service."""

import asyncio
import gc
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
import uvloop

from callstage_kit.admin import serve_admin
from callstage_kit.health import Health
from callstage_kit.settings import ServiceSettings
from callstage_kit.telemetry.logs import configure_logs
from callstage_kit.telemetry.loop_lag import LoopLagMonitor

_log = structlog.get_logger(__name__)

Drain = Callable[[], Awaitable[None]]
Build = Callable[[Health], AbstractAsyncContextManager[Drain | None]]
"""Builds the service's object graph; entered = serving. It yields a function that waits until running work is done, or None."""


def run_service(name: str, settings: ServiceSettings, build: Build) -> None:
    """Serve until SIGTERM or SIGINT: readiness false → drain (bounded by `drain_timeout_s`) → close → exit."""
    configure_logs(name, settings)
    uvloop.run(_serve(name, settings, build))


async def _serve(name: str, settings: ServiceSettings, build: Build) -> None:
    health, is_serving = Health(), False
    health.add("serving", lambda: is_serving)
    async with stop_signal() as stop, serve_admin(health, settings.bind_host, settings.admin_port) as admin_port, LoopLagMonitor(health):
        async with build(health) as drain:
            is_serving = True
            _settle_garbage()
            _log.info("service_started", admin_port=admin_port)
            await stop.wait()
            health.drain()
            _log.info("service_draining")
            if drain is not None:
                try:
                    async with asyncio.timeout(settings.drain_timeout_s):
                        await drain()
                except TimeoutError:
                    _log.warning("drain_timed_out", timeout_s=settings.drain_timeout_s)
    _log.info("service_stopped")


def _settle_garbage() -> None:
    """What the start made stays: the collector need not walk it again. Each walk is a pause in the audio of all calls, so there are fewer of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@asynccontextmanager
async def stop_signal() -> AsyncGenerator[asyncio.Event]:
    """Set by SIGTERM and SIGINT while the block runs."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
