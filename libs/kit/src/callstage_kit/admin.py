"""The port for operators: `/healthz`, `/readyz`, `/metrics`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callstage_kit.health import Health
from callstage_kit.telemetry.metrics import REGISTRY
from callstage_kit.web_server import WebServer, bound_socket


def admin_routes(health: Health) -> list[Route]:
    """The three routes, to be mounted on a service's public app, too."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        return JSONResponse({"ready": health.is_ready, "checks": health.report()}, status_code=200 if health.is_ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


@asynccontextmanager
async def serve_admin(health: Health, host: str, port: int) -> AsyncGenerator[int]:
    """Serve until the block ends; yields the port really taken."""
    with bound_socket(host, port) as sock:
        async with WebServer(Starlette(routes=admin_routes(health)), sock):
            yield sock.getsockname()[1]
