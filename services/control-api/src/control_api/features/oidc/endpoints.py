"""GET /v1/auth/ways, GET /v1/auth/oidc/start, GET /v1/auth/oidc/callback: for browsers in which nobody is signed in."""

from typing import Annotated
from urllib.parse import urlencode

from callstage_domain.errors import CallstageError, NotFound
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse

from control_api.access.idempotent_route import CheckedRoute
from control_api.features.identity.endpoints import set_session_cookie
from control_api.features.identity.service import IdentityService
from control_api.features.oidc.attempt import COOKIE, TTL_S, same_site_path
from control_api.features.oidc.schemas import OidcWay, SignInWays
from control_api.features.oidc.service import Answer, OidcService, reason_of
from control_api.web.provide import provided

router = APIRouter(tags=["identity"], route_class=CheckedRoute)
Service = Annotated[OidcService, Depends(provided(OidcService))]
Identity = Annotated[IdentityService, Depends(provided(IdentityService))]
_COOKIE_PATH = "/v1/auth/oidc"
_START_PATH = f"{_COOKIE_PATH}/start"
_PUBLIC = {"security": []}


@router.get("/v1/auth/ways", openapi_extra=_PUBLIC)
async def sign_in_ways(service: Service) -> SignInWays:
    """How one can sign in here."""
    return SignInWays(oidc=None if service.label is None else OidcWay(label=service.label, start_path=_START_PATH))


@router.get(_START_PATH, status_code=303, response_class=RedirectResponse, openapi_extra=_PUBLIC)
async def start_oidc(
    service: Service, identity: Identity, then: Annotated[str, Query(alias="next", description="Page of the manager to go on to.")] = "/"
) -> RedirectResponse:
    """Send the browser to the OpenID Connect provider; 404 when the installation has none."""
    try:
        address, cookie = await service.start(then)
    except NotFound:
        raise
    except CallstageError as err:
        return _back(err, then)
    response = RedirectResponse(address, status_code=303)
    response.set_cookie(COOKIE, cookie, max_age=TTL_S, httponly=True, samesite="lax", secure=identity.cookie_secure, path=_COOKIE_PATH)
    return response


@router.get(f"{_COOKIE_PATH}/callback", status_code=303, response_class=RedirectResponse, openapi_extra=_PUBLIC)
async def finish_oidc_sign_in(
    request: Request,
    service: Service,
    identity: Identity,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=500)] = "",
    error: Annotated[str, Query(max_length=500)] = "",
    iss: Annotated[str, Query(max_length=500)] = "",
) -> RedirectResponse:
    """Where the OpenID Connect provider sends the browser back to; leads into the manager, or to the sign-in page with the reason."""
    then = "/"
    try:
        attempt = service.attempt(request.cookies.get(COOKIE, ""), state)
        then = attempt.next
        session = await service.finish(attempt, Answer(code, state, error, iss))
    except NotFound:
        raise
    except CallstageError as err:
        response = _back(err, then)
    else:
        response = RedirectResponse(then, status_code=303)
        set_session_cookie(response, session, identity)
    # One attempt, one answer.
    response.delete_cookie(COOKIE, path=_COOKIE_PATH, httponly=True, samesite="lax", secure=identity.cookie_secure)
    return response


def _back(error: CallstageError, then: str) -> RedirectResponse:
    path = same_site_path(then)
    query = {"refused": reason_of(error)} | ({"next": path} if path != "/" else {})
    return RedirectResponse(f"/sign-in?{urlencode(query)}", status_code=303)
