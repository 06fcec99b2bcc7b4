"""Bounds on every request: size, time; and headers on every reply."""

import asyncio

from callstage_kit.telemetry.metrics import HTTP_REQUESTS_TOTAL
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from control_api.web.problems import problem_response

MAX_BODY_BYTES = 1 << 20
MAX_AUDIO_BYTES = 10 << 20
_AUDIO_PREFIX = "/v1/audio/"
_EXPORT_PATH = "/v1/calls/export"
_STREAMS = ("/v1/live/", "/events")
"""A live stream begins and ends with these; it has heartbeats, and limits of its own."""
_SOUND = (("/v1/calls/", "/v1/voicemails/"), ("/recording", "/audio"))
"""Players read a recording as slowly as they play it."""
_WRITING = "/generate"
"""Language models take their time; the writing has a time limit of its own."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class _BodyTooLarge(HTTPException):
    """An HTTPException, because FastAPI turns any other error of reading a body into 400."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The body may have {limit} bytes at most.")


class RequestLimits:
    """ASGI middleware. Exports and recordings stream for as long as the client reads; everything else has `timeout_s`."""

    def __init__(self, app: ASGIApp, timeout_s: float) -> None:
        self._app = app
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MAX_AUDIO_BYTES if scope["path"].startswith(_AUDIO_PREFIX) else MAX_BODY_BYTES
        started = False

        async def bounded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._add_headers(message)
                self._count(scope["method"], message["status"])
            await send(message)

        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            await self._too_large(limit)(scope, receive, bounded_send)
            return
        try:
            async with asyncio.timeout(None if _has_own_limit(scope["path"]) else self._timeout_s):
                await self._app(scope, _bounded(receive, limit), bounded_send)
        except _BodyTooLarge:
            if not started:
                await self._too_large(limit)(scope, receive, bounded_send)
        except TimeoutError:
            if not started:
                await problem_response(504, "timeout", "The request took too long.")(scope, receive, bounded_send)

    @staticmethod
    def _too_large(limit: int) -> ASGIApp:
        return problem_response(413, "body_too_large", f"The body may have {limit} bytes at most.")

    @staticmethod
    def _add_headers(message: Message) -> None:
        headers = MutableHeaders(scope=message)
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Cache-Control", "no-store")

    @staticmethod
    def _count(method: str, status: int) -> None:
        HTTP_REQUESTS_TOTAL.labels(method if method in _METHODS else "other", str(status)).inc()


def _has_own_limit(path: str) -> bool:
    is_stream = path.startswith(_STREAMS[0]) and path.endswith(_STREAMS[1])
    is_sound = path.startswith(_SOUND[0]) and path.endswith(_SOUND[1])
    return path == _EXPORT_PATH or path.endswith(_WRITING) or is_stream or is_sound


def _bounded(receive: Receive, limit: int) -> Receive:
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise _BodyTooLarge(limit)
        return message

    return bounded
