"""The caller of a request, and the role that a route needs."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from callstage_domain.errors import Forbidden, Unauthorized
from fastapi import Depends
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from starlette.requests import Request

from control_api.access.authenticator import COOKIE, Authenticator
from control_api.access.caller import Caller, Role
from control_api.web.provide import provided

CSRF_HEADER = "x-callstage-csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

SCHEMES = [
    Depends(APIKeyHeader(name="x-api-key", auto_error=False, scheme_name="ApiKey")),
    Depends(HTTPBearer(auto_error=False, scheme_name="Bearer", bearerFormat="vx_…")),
    Depends(APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="Session", description=f"Writes also need the header `{CSRF_HEADER}: 1`.")),
]
"""For the API description; `caller_of` does the work."""


async def caller_of(request: Request) -> Caller:
    """Who asks: `x-api-key`, then `Authorization: Bearer vx_…`, then the cookie. Raises Unauthorized. Asked once per request."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        known = await _authenticate(request)
        request.state.caller = known
    return known


async def caller_again(request: Request) -> Caller:
    """Who asks, looked up anew: for a stream that outlives the answer given when it began. Raises Unauthorized."""
    return await _authenticate(request)


async def _authenticate(request: Request) -> Caller:
    authenticator = provided(Authenticator)(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = request.headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    if key:
        return await authenticator.by_api_key(key)
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        raise Unauthorized("send an API key as `x-api-key` or `Authorization: Bearer`, or sign in")
    caller = await authenticator.by_cookie(cookie)
    if request.method not in _SAFE and not request.headers.get(CSRF_HEADER):
        raise Forbidden(f"a change with a session cookie needs the header `{CSRF_HEADER}: 1`", code="csrf_header_missing")
    return caller


def _at_least(role: Role) -> Callable[[Request], Coroutine[Any, Any, Caller]]:
    async def check(request: Request) -> Caller:
        caller = await caller_of(request)
        if not caller.is_at_least(role):
            raise Forbidden(f"this needs the role {role}")
        return caller

    return check


Viewer = Annotated[Caller, Depends(_at_least("viewer"))]
Editor = Annotated[Caller, Depends(_at_least("editor"))]
Owner = Annotated[Caller, Depends(_at_least("owner"))]
