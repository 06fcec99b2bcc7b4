"""The ASGI app: every router, error handler and middleware, and no object that needs a connection."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callstage_kit.admin import admin_routes
from callstage_kit.health import Health
from callstage_kit.tasks import in_thread
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from control_api.features.agent_stats.endpoints import router as agent_stats
from control_api.features.agent_tests.endpoints import router as agent_tests
from control_api.features.agents.endpoints import router as agents
from control_api.features.api_keys.endpoints import router as api_keys
from control_api.features.audio.endpoints import router as audio
from control_api.features.audit.endpoints import router as audit
from control_api.features.backends.endpoints import router as backends
from control_api.features.blocked_numbers.endpoints import router as blocked_numbers
from control_api.features.calls.endpoints import router as calls
from control_api.features.conversations.endpoints import router as conversations
from control_api.features.deployments.endpoints import router as deployments
from control_api.features.embed.endpoints import router as embed
from control_api.features.generation.endpoints import router as generation
from control_api.features.identity.endpoints import router as identity
from control_api.features.integrations.endpoints import router as integrations
from control_api.features.live.endpoints import router as live
from control_api.features.mailboxes.endpoints import router as mailboxes
from control_api.features.numbers.endpoints import router as numbers
from control_api.features.oidc.endpoints import router as oidc
from control_api.features.providers.endpoints import router as providers
from control_api.features.recordings.endpoints import router as recordings
from control_api.features.rehearsals.endpoints import router as rehearsals
from control_api.features.tenants.endpoints import router as tenants
from control_api.features.tools.endpoints import router as tools
from control_api.features.users.endpoints import router as users
from control_api.features.voicemails.endpoints import router as voicemails
from control_api.features.voices.endpoints import router as voices
from control_api.features.webhook_endpoints.endpoints import router as webhook_endpoints
from control_api.web.description import PROBLEM_RESPONSE, complete
from control_api.web.limits import RequestLimits
from control_api.web.manager_files import manager_routes
from control_api.web.pages import landing_page, reference_page
from control_api.web.problems import add_problem_handlers

ROUTERS: tuple[APIRouter, ...] = (
    identity,
    oidc,
    agent_stats,
    agents,
    agent_tests,
    deployments,
    rehearsals,
    backends,
    generation,
    tools,
    integrations,
    mailboxes,
    voices,
    numbers,
    blocked_numbers,
    embed,
    live,
    calls,
    recordings,
    voicemails,
    conversations,
    audio,
    tenants,
    users,
    api_keys,
    providers,
    webhook_endpoints,
    audit,
)


def create_app(
    services: Mapping[type[Any], Any], health: Health, *, gateway_public_url: str = "", request_timeout_s: float = 30.0, web_root: Path | None = None
) -> FastAPI:
    """`services` holds one instance per service class; `{}` is enough to describe the API. `web_root`: the built manager."""
    app = FastAPI(
        title="Callstage control API",
        version="1",
        description="Agents, deployments, numbers, keys and call records of Callstage.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses={"4XX": PROBLEM_RESPONSE, "5XX": PROBLEM_RESPONSE},
    )
    app.state.services = services
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    _describe(app)
    _add_pages(app, gateway_public_url, with_landing=web_root is None)
    app.router.routes.extend(admin_routes(health))
    if web_root is not None:
        app.router.routes.extend(manager_routes(web_root, gateway_public_url))
    app.add_middleware(RequestLimits, timeout_s=request_timeout_s)
    return app


def openapi_document() -> dict[str, Any]:
    """The description of the API, without anything running."""
    return create_app({}, Health()).openapi()


def _describe(app: FastAPI) -> None:
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(plain())
        return app.openapi_schema

    app.openapi = described


def _operation_id(route: APIRoute) -> str:
    return route.name


def _add_pages(app: FastAPI, gateway_public_url: str, *, with_landing: bool) -> None:
    async def landing(_: Request) -> Response:
        return HTMLResponse(landing_page(gateway_public_url))

    async def reference(_: Request) -> Response:
        return HTMLResponse(reference_page(await in_thread(app.openapi)))

    async def description(_: Request) -> Response:
        return JSONResponse(await in_thread(app.openapi))

    if with_landing:
        app.add_route("/", landing, methods=["GET"], include_in_schema=False)
    app.add_route("/openapi.json", description, methods=["GET"], include_in_schema=False)
    app.add_route("/docs", reference, methods=["GET"], include_in_schema=False)
