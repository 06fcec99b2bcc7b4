"""The public ASGI application."""

from collections.abc import Sequence

from callstage_kit.admin import admin_routes
from callstage_kit.health import Health
from callstage_kit.telemetry.metrics import HTTP_REQUESTS_TOTAL
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from media_gateway.carriers.port import CarrierEdge
from media_gateway.web.browser_routes import BrowserRoutes
from media_gateway.web.carrier_routes import CarrierRoutes, EdgeServices
from media_gateway.web.embed_routes import EmbedRoutes


class _CountRequests:
    """Counts HTTP answers by method and status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                HTTP_REQUESTS_TOTAL.labels(scope["method"], str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, count)


def build_app(carriers: Sequence[CarrierEdge], services: EdgeServices, browser: BrowserRoutes, embed: EmbedRoutes, health: Health) -> ASGIApp:
    """Webhooks, sockets, and the two health addresses; metrics stay on the admin port."""
    app = FastAPI(title="Callstage media gateway", docs_url=None, redoc_url=None, openapi_url=None)
    for carrier in carriers:
        CarrierRoutes(carrier, services).mount(app)
    browser.mount(app)
    embed.mount(app)
    app.router.routes.extend(route for route in admin_routes(health) if route.path != "/metrics")
    return _CountRequests(app)
