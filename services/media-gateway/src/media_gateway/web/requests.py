"""HTTP requests of carriers, read with limits and with the address that the carrier really used."""

from typing import Final
from urllib.parse import parse_qsl

from callstage_domain.errors import CallerError, CallstageError, LimitExceeded
from callstage_kit.problem import CONTENT_TYPE, http_status_of, problem, problem_of
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from media_gateway.carriers import markup
from media_gateway.carriers.port import Webhook
from media_gateway.settings import GatewaySettings

MAX_BODY_BYTES: Final = 64 << 10
_MAX_FIELDS: Final = 200


def public_base(connection: HTTPConnection, settings: GatewaySettings) -> str:
    """`https://host[:port]` under which the outside reaches us."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme, host = connection.url.scheme, connection.headers.get("host", connection.url.netloc)
    if settings.trust_forwarded:
        scheme = connection.headers.get("x-forwarded-proto", scheme).partition(",")[0].strip()
        host = connection.headers.get("x-forwarded-host", host).partition(",")[0].strip()
    return f"{scheme}://{host}"


def socket_base(base: str) -> str:
    """`wss://…` of `https://…`; plain `ws://` is what a local simulated carrier gets."""
    return "ws" + base.removeprefix("http")


async def read_webhook(request: Request, settings: GatewaySettings) -> Webhook:
    """Raises LimitExceeded (body) or CallerError (form)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise LimitExceeded("the body is larger than 64 KiB", code="body_too_large")
    try:
        form = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as err:
        raise CallerError("the body is not a form", code="invalid_form") from err
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope.get("query_string", b"")
    path = raw_path.partition(b"?")[0].decode("latin-1")
    url = public_base(request, settings) + path + (f"?{query.decode('latin-1')}" if query else "")
    return Webhook(url, {name.lower(): value for name, value in request.headers.items()}, bytes(body), form)


def answer(document: str) -> Response:
    """A carrier's document."""
    return Response(document, media_type=markup.CONTENT_TYPE)


def refuse(error: CallstageError) -> Response:
    """Problem details; what is wrong with a form is a 400 here, a body that is too large a 413."""
    if error.code == "body_too_large":
        return problem_response(413, error.code, error.message)
    status = 400 if type(error) is CallerError else http_status_of(error)
    return JSONResponse({**problem_of(error), "status": status}, status, media_type=CONTENT_TYPE)


def problem_response(status: int, code: str, message: str) -> Response:
    """Problem details."""
    return JSONResponse(problem(status, code, message), status, media_type=CONTENT_TYPE)
