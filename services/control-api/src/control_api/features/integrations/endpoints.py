"""/v1/integrations."""

from html import escape
from typing import Annotated

from callstage_domain.errors import CallstageError
from callstage_kit.problem import http_status_of
from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from control_api.access.dependencies import Editor, Viewer, caller_of
from control_api.access.idempotent_route import api_router
from control_api.db.agent_tables import AgentRow, IntegrationRow
from control_api.features.integrations.oauth import STATE_TTL_S, OAuthService
from control_api.features.integrations.schemas import (
    IntegrationList,
    IntegrationListed,
    IntegrationPut,
    IntegrationReply,
    IntegrationTested,
    OAuthStart,
    OAuthStarted,
)
from control_api.features.integrations.service import IntegrationService
from control_api.web.provide import provided

router = api_router("integrations")
Service = Annotated[IntegrationService, Depends(provided(IntegrationService))]
OAuth = Annotated[OAuthService, Depends(provided(OAuthService))]
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>"""


@router.get("/v1/integrations")
async def list_integrations(caller: Viewer, service: Service) -> IntegrationList:
    """Connected accounts, without their secrets."""
    return IntegrationList(integrations=[_listed(row, users) for row, users in await service.list_all(caller)])


@router.post("/v1/integrations", status_code=201)
async def create_integration(caller: Editor, service: Service, body: IntegrationPut) -> IntegrationReply:
    """Connect an account by password or token."""
    return IntegrationReply.model_validate(await service.create(caller, body))


@router.post("/v1/integrations/test")
async def try_new_integration(caller: Editor, service: Service, body: IntegrationPut) -> IntegrationTested:
    """Log in with what is not stored yet, and say what the vendor answered."""
    ok, message, account = await service.test_new(caller, body)
    return IntegrationTested(ok=ok, message=message, account=account)


@router.post("/v1/integrations/oauth")
async def start_oauth(caller: Editor, service: OAuth, body: OAuthStart) -> OAuthStarted:
    """Begin to connect an account by consent."""
    return OAuthStarted(authorize_url=service.start(caller, body), expires_in_s=STATE_TTL_S)


@router.get("/v1/integrations/oauth/callback", include_in_schema=False)
async def finish_oauth(
    request: Request,
    service: OAuth,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=8000)] = "",
    error: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Where the vendor sends the browser back to."""
    try:
        row = await service.finish(await caller_of(request), code=code, state=state, error=error)
    except CallstageError as err:
        page = _PAGE.format(title="Not connected", text=escape(err.message))
        return HTMLResponse(page, status_code=http_status_of(err))
    return HTMLResponse(_PAGE.format(title="Connected", text=f"{escape(row.name)} is connected. You can close this window."))


@router.get("/v1/integrations/{integration_id}")
async def get_integration(caller: Viewer, service: Service, integration_id: str) -> IntegrationReply:
    """One account."""
    return IntegrationReply.model_validate(await service.get(caller, integration_id))


@router.put("/v1/integrations/{integration_id}")
async def change_integration(caller: Editor, service: Service, integration_id: str, body: IntegrationPut) -> IntegrationReply:
    """Change name, settings or secret; works at once for every agent that has it."""
    return IntegrationReply.model_validate(await service.change(caller, integration_id, body))


@router.delete("/v1/integrations/{integration_id}", status_code=204)
async def remove_integration(caller: Editor, service: Service, integration_id: str) -> None:
    """Forget an account that no agent uses."""
    await service.remove(caller, integration_id)


@router.post("/v1/integrations/{integration_id}/test")
async def try_integration(caller: Editor, service: Service, integration_id: str) -> IntegrationTested:
    """Log in and say what the vendor answered; nothing is sent."""
    ok, message, account = await service.test(caller, integration_id)
    return IntegrationTested(ok=ok, message=message, account=account)


def _listed(row: IntegrationRow, users: list[AgentRow]) -> IntegrationListed:
    return IntegrationListed(**IntegrationReply.model_validate(row).model_dump(), used_by=[user.draft["display_name"] for user in users])
