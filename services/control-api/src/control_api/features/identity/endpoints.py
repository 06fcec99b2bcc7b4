"""POST /v1/auth/login, POST /v1/auth/logout, GET /v1/me."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from control_api.access.authenticator import COOKIE, Authenticator
from control_api.access.dependencies import SCHEMES, Viewer
from control_api.access.idempotent_route import CheckedRoute
from control_api.features.identity.schemas import LoginRequest, MeReply
from control_api.features.identity.service import IdentityService
from control_api.web.provide import provided

router = APIRouter(tags=["identity"], route_class=CheckedRoute)


@router.post("/v1/auth/login", openapi_extra={"security": []})
async def login(body: LoginRequest, response: Response, service: Annotated[IdentityService, Depends(provided(IdentityService))]) -> MeReply:
    """Sign in; the session is an HttpOnly cookie."""
    caller, cookie = await service.sign_in(body)
    set_session_cookie(response, cookie, service)
    return MeReply.of(caller)


def set_session_cookie(response: Response, cookie: str, service: IdentityService) -> None:
    """Out of reach of scripts, and not sent with what other sites post."""
    response.set_cookie(COOKIE, cookie, max_age=service.ttl_s, httponly=True, samesite="lax", secure=service.cookie_secure, path="/")


@router.post("/v1/auth/logout", status_code=204, dependencies=SCHEMES[2:])
async def logout(request: Request, response: Response, authenticator: Annotated[Authenticator, Depends(provided(Authenticator))]) -> None:
    """Sign out on the server, too."""
    if cookie := request.cookies.get(COOKIE):
        await authenticator.end_session(cookie)
    response.delete_cookie(COOKIE, path="/")


@router.get("/v1/me", dependencies=SCHEMES)
async def me(caller: Viewer) -> MeReply:
    """Who is asking."""
    return MeReply.of(caller)
