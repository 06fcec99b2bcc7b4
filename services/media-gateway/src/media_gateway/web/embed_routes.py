"""What web pages with the widget ask for: the script, and a session for a visitor (rules E2 to E6). Needs no control-api (rule N4)."""

import json
import time
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from callstage_contracts.buckets import ActiveDeployment, EmbedToken, embed_aad
from callstage_domain.errors import CallerError, CallstageError, Forbidden, LimitExceeded, NotFound, Unauthorized
from callstage_kit.problem import CONTENT_TYPE, http_status_of, problem_of
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from media_gateway.calls.embed_access import SESSION_TTL_S, allows_origin
from media_gateway.calls.embed_identity import Identity, UsedHashes, is_vouched_for
from media_gateway.calls.embed_visit import EmbedVisit
from media_gateway.settings import GatewaySettings
from media_gateway.web.admission import ConnectionRate
from media_gateway.web.carrier_routes import EdgeServices
from media_gateway.web.embed_script import EmbedScript
from media_gateway.web.requests import public_base, socket_base

_log = structlog.get_logger(__name__)
SESSIONS_PER_MINUTE: Final = 20
_MAX_BODY_BYTES: Final = 4096
_PREFLIGHT_AGE_S: Final = 600


class EmbedRoutes:
    """`hashes` knows which identities were used."""

    def __init__(self, services: EdgeServices, hashes: UsedHashes) -> None:
        self._services = services
        self._hashes = hashes
        self._script = EmbedScript(services.settings.embed_script)

    def mount(self, app: FastAPI) -> None:
        """Three addresses."""
        app.router.routes.append(Route("/api/embed/session", self.session, methods=["POST"], include_in_schema=False))
        app.router.routes.append(Route("/api/embed/session", self.preflight, methods=["OPTIONS"], include_in_schema=False))
        app.router.routes.append(Route("/callstage_embed.js", self._script.serve, methods=["GET"], include_in_schema=False))

    async def preflight(self, request: Request) -> Response:
        """Any page may ask; which pages get an answer is decided by the token, which a preflight does not carry."""
        headers = {
            **_cors(request),
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": str(_PREFLIGHT_AGE_S),
        }
        return Response(status_code=204, headers=headers)

    async def session(self, request: Request) -> Response:
        """Rule E3."""
        try:
            reply = await self._open(request)
        except CallstageError as err:
            return _refuse(request, err)
        return JSONResponse(reply, headers={**_cors(request), "Cache-Control": "no-store"})

    async def _open(self, request: Request) -> dict[str, Any]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token, directory = token.strip(), self._services.directory
        record = directory.embed_token(token) if scheme.lower() == "bearer" else None
        tenant = directory.tenant(record.tenant_id) if record is not None else None
        if record is None or tenant is None:
            raise Unauthorized("the embed token is not valid", code="invalid_embed_token")
        origin = request.headers.get("origin", "")
        if not allows_origin(record, origin):
            raise Forbidden("this page may not use the embed token", code="origin_not_allowed")
        await self._check_rate(record)
        email = await self._email(record, await _body(request))
        if not email and record.require_authentication:
            raise Forbidden("the visitor has to be known", code="identity_required")
        active = directory.live(record.tenant_id, record.agent_id)
        if active is None:
            raise NotFound("the agent is not deployed", code="not_deployed")
        return self._reply(request, record, active, EmbedVisit(token, origin, email))

    def _reply(self, request: Request, record: EmbedToken, active: ActiveDeployment, visit: EmbedVisit) -> dict[str, Any]:
        settings: GatewaySettings = self._services.settings
        return {
            "session_token": settings.token_signer.sign("ws", visit.claims(record), ttl_s=SESSION_TTL_S),
            "expires_in": SESSION_TTL_S,
            "ws_url": socket_base(public_base(request, settings)) + "/ws/voice",
            "agent_name": active.display_name,
            "language": active.language,
            "channel": active.channel,
            "modes": ["voice", "chat"] if active.channel == "voice" else ["chat"],
            "identified": bool(visit.email),
        }

    async def _check_rate(self, record: EmbedToken) -> None:
        if not await self._services.rate.allows(record.token_id, SESSIONS_PER_MINUTE, scope="embed"):
            wait_s = ConnectionRate.seconds_left(time.time())
            raise LimitExceeded(f"more than {SESSIONS_PER_MINUTE} sessions per minute", code="rate_limited", details={"retry_after_s": wait_s})

    async def _email(self, record: EmbedToken, body: dict[str, Any]) -> str:
        """Of a visitor whose page vouches for him; empty: nobody knows him."""
        identity = Identity.of(body)
        if identity is None:
            return ""
        if not is_vouched_for(identity, self._secrets(record), time.time()):
            return ""
        return identity.email if await self._hashes.take(record.token_id, identity.hash) else ""

    def _secrets(self, record: EmbedToken) -> list[str]:
        """The newest, and the one before it while their overlap lasts."""
        aad = embed_aad(record.tenant_id, record.token_id)
        return [self._services.settings.secret_box.open(sealed, aad) for sealed in record.secrets_sealed(datetime.now(UTC))]


async def _body(request: Request) -> dict[str, Any]:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MAX_BODY_BYTES:
            raise LimitExceeded("the body is larger than 4 KiB", code="body_too_large")
    try:
        value: Any = json.loads(bytes(data)) if data.strip() else {}
    except (ValueError, RecursionError) as err:
        raise CallerError("the body is not JSON", code="invalid_body") from err
    if not isinstance(value, dict):
        raise CallerError("the body is not a JSON object", code="invalid_body")
    return value


def _cors(request: Request) -> dict[str, str]:
    """The page may read the answer, also a refusal: the widget has to tell "hidden" from "try again"."""
    origin = request.headers.get("origin")
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After", "Vary": "Origin"} if origin else {"Vary": "Origin"}


def _refuse(request: Request, error: CallstageError) -> Response:
    status = 413 if error.code == "body_too_large" else 400 if type(error) is CallerError else http_status_of(error)
    headers = {**_cors(request), "Cache-Control": "no-store"}
    if (wait_s := error.details.get("retry_after_s")) is not None:
        headers["Retry-After"] = str(wait_s)
    return JSONResponse({**problem_of(error), "status": status}, status, headers=headers, media_type=CONTENT_TYPE)
