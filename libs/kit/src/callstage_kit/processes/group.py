"""The parent of a service's processes: starts them, answers for them on the admin port, drains them together."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog
import uvloop
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callstage_kit.lifecycle import stop_signal
from callstage_kit.processes.child import Child
from callstage_kit.processes.metrics import merged
from callstage_kit.settings import ServiceSettings
from callstage_kit.tasks import TaskScope, all_of, settle
from callstage_kit.telemetry.logs import configure_logs
from callstage_kit.web_server import WebServer, bound_socket

_log = structlog.get_logger(__name__)
_CLOSE_S: Final = 10.0
"""What a drained process takes to close its connections."""
_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


@dataclass(frozen=True)
class ProcessPlan:
    """`count` processes of `python -m module`. `env`: what process `index` (from 0) has otherwise than its parent.

    `hang_s`: seconds without an answer after which a process is started again; no longer than Kubernetes waits (6 probes, 10 s apart).
    """

    module: str
    count: int
    env: Callable[[int], Mapping[str, str]]
    hang_s: float = 30.0


def run_processes(name: str, settings: ServiceSettings, plan: ProcessPlan) -> int:
    """Serves until SIGTERM or SIGINT, then lets all of them drain. Returns the exit code: that of a process that could not start, else 0.

    Process `i` (from 1) has the admin port `admin_port + i` and the instance name `<instance>-<i>`.
    """
    configure_logs(name, settings)
    if not settings.admin_port:
        _log.error("processes_need_an_admin_port", setting="CALLSTAGE_ADMIN_PORT", hint="their own follow it: with 9090 process 1 has 9091")
        return 2
    return uvloop.run(_Group(settings, plan).serve())


class _Group:
    def __init__(self, settings: ServiceSettings, plan: ProcessPlan) -> None:
        self._settings = settings
        self._plan = plan
        self._is_draining = False
        self._exit_code = 0
        self._children: list[Child] = []

    async def serve(self) -> int:
        settings = self._settings
        routes = [Route("/healthz", self._healthz), Route("/readyz", self._readyz), Route("/metrics", self._metrics)]
        async with stop_signal() as self._stop, aiohttp.ClientSession() as http, TaskScope("processes") as scope:
            self._children = [self._child(index, http) for index in range(self._plan.count)]
            with bound_socket(settings.bind_host, settings.admin_port) as sock:
                async with WebServer(Starlette(routes=routes), sock):
                    running = [scope.start(child.run(), name=child.name) for child in self._children]
                    await self._stop.wait()
                    self._is_draining = True
                    _log.info("processes_draining", count=self._plan.count)
                    await self._end(running)
        return self._exit_code

    def _child(self, index: int, http: aiohttp.ClientSession) -> Child:
        settings, number = self._settings, index + 1
        port = settings.admin_port + number
        env = {
            **self._plan.env(index),
            "CALLSTAGE_PROCESSES": "1",
            "CALLSTAGE_INSTANCE": f"{settings.instance}-{number}",
            "CALLSTAGE_ADMIN_PORT": str(port),
        }
        host = _LOOPBACK.get(settings.bind_host, settings.bind_host)
        return Child(str(number), ("-m", self._plan.module), env, f"http://{host}:{port}", http, hang_s=self._plan.hang_s, died=self._died)

    def _died(self, code: int) -> None:
        """Before any was ever ready it is no bad luck but a wrong setting, which trying again would hide."""
        if not any(child.was_ready for child in self._children):
            self._exit_code = code if code > 0 else 1
            self._stop.set()

    async def _end(self, running: Sequence[asyncio.Task[None]]) -> None:
        for child, task in zip(self._children, running, strict=True):
            child.stop()
            if not child.pid:
                # It waits to be started again.
                task.cancel()
        try:
            async with asyncio.timeout(self._settings.drain_timeout_s + _CLOSE_S):
                await settle(running)
        except TimeoutError:
            _log.warning("processes_killed", after_s=self._settings.drain_timeout_s + _CLOSE_S)

    async def _healthz(self, _: Request) -> Response:
        return JSONResponse({"status": "alive", "processes": {child.name: child.pid for child in self._children}})

    async def _readyz(self, _: Request) -> Response:
        """One is enough: it takes the calls that come while another starts again."""
        ready = {child.name: child.is_ready for child in self._children}
        is_ready = any(ready.values()) and not self._is_draining
        return JSONResponse({"ready": is_ready, "processes": ready}, status_code=200 if is_ready else 503)

    async def _metrics(self, _: Request) -> Response:
        texts = await all_of(*(child.metrics() for child in self._children))
        return Response(merged(dict(zip((child.name for child in self._children), texts, strict=True))), media_type=CONTENT_TYPE_LATEST)
