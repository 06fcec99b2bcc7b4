"""A service of the chassis for the tests of several processes: counts, hangs or dies as it is told over HTTP."""

import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from callstage_kit.health import Health
from callstage_kit.lifecycle import Drain, run_service
from callstage_kit.processes.group import ProcessPlan, run_processes
from callstage_kit.settings import ProcessSettings, ServiceSettings, from_environment
from callstage_kit.telemetry.metrics import EMAILS_TOTAL
from callstage_kit.web_server import WebServer, bound_socket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


class Settings(ServiceSettings, ProcessSettings):
    """With a public port that all processes share."""

    http_port: int


async def _who(_: Request) -> Response:
    EMAILS_TOTAL.labels("answered").inc()
    return PlainTextResponse(os.environ["CALLSTAGE_INSTANCE"])


async def _hang(_: Request) -> Response:
    time.sleep(60)
    return PlainTextResponse("never")


async def _die(_: Request) -> Response:
    os._exit(3)


def _nothing(_: int) -> dict[str, str]:
    return {}


@asynccontextmanager
async def _build(_: Health) -> AsyncGenerator[Drain | None]:
    settings = from_environment(Settings)
    with bound_socket("127.0.0.1", settings.http_port, shared=True) as sock:
        async with WebServer(Starlette(routes=[Route("/who", _who), Route("/hang", _hang), Route("/die", _die, methods=["POST"])]), sock):
            yield None


def main() -> int:
    """As the services' own `__main__` do it."""
    settings = from_environment(Settings)
    if settings.process_count > 1:
        return run_processes("obedient", settings, ProcessPlan("obedient_service", settings.process_count, _nothing, hang_s=2.0))
    if os.environ.get("OBEDIENT_FAILS"):
        return 7
    run_service("obedient", settings, _build)
    return 0


if __name__ == "__main__":
    sys.exit(main())
