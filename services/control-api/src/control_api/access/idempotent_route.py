"""`Idempotency-Key` on POST (rule RE1): the first reply is stored for 24 h and given again to the same request."""

import hashlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from callstage_domain.errors import CallerError, CallstageError, Conflict
from callstage_kit.crypto import SecretBox
from fastapi import APIRouter
from fastapi.routing import APIRoute
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from control_api.access.caller import Caller
from control_api.access.dependencies import SCHEMES, caller_of
from control_api.db.access_tables import StoredReplyRow
from control_api.db.database import Database
from control_api.db.tables import now
from control_api.web.json_body import CheckedRequest
from control_api.web.provide import provided

KEPT_FOR = timedelta(hours=24)
_ABANDONED_AFTER = timedelta(minutes=2)
"""Longer than any request may take: its process died."""
_MAX_KEY_LENGTH = 200
_REPLAYED_HEADERS = ("content-type", "etag", "location")
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StoredReplies:
    """Replies by key, sealed because a reply may show a new API key."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def reserve(self, caller: Caller, key: str, request_hash: str) -> Response | None:
        """None: go on, the key is ours now. A response: the stored one. Raises Conflict for another request or one still running."""
        moment = now()
        async with self._database.session() as session:
            await session.execute(delete(StoredReplyRow).where(StoredReplyRow.created_at < moment - KEPT_FOR))
            await session.execute(
                delete(StoredReplyRow).where(
                    *self._is(caller, key), StoredReplyRow.status.is_(None), StoredReplyRow.created_at < moment - _ABANDONED_AFTER
                )
            )
            taken = await session.scalar(
                insert(StoredReplyRow)
                .values(tenant_id=caller.tenant_id, caller_id=caller.id, key=key, request_hash=request_hash, created_at=moment)
                .on_conflict_do_nothing()
                .returning(StoredReplyRow.key)
            )
            stored = None if taken else (await session.scalars(select(StoredReplyRow).where(*self._is(caller, key)))).first()
            await session.commit()
        if taken:
            return None
        if stored is None or stored.status is None:
            raise Conflict("a request with this Idempotency-Key is running", code="idempotency_in_progress", retryable=True)
        if stored.request_hash != request_hash:
            raise Conflict("this Idempotency-Key was used for another request", code="idempotency_key_reused")
        body = self._box.open(stored.body_sealed or "", self._aad(caller, key))
        return Response(body, stored.status, headers={**(stored.headers or {}), "Idempotency-Replayed": "true"})

    async def store(self, caller: Caller, key: str, response: Response) -> None:
        """Keep the reply."""
        headers = {name: response.headers[name] for name in _REPLAYED_HEADERS if name in response.headers}
        sealed = self._box.seal(bytes(response.body).decode(), self._aad(caller, key))
        async with self._database.session() as session:
            await session.execute(
                update(StoredReplyRow).where(*self._is(caller, key)).values(status=response.status_code, headers=headers, body_sealed=sealed)
            )
            await session.commit()

    async def release(self, caller: Caller, key: str) -> None:
        """The request failed: the key may be used again."""
        async with self._database.session() as session:
            await session.execute(delete(StoredReplyRow).where(*self._is(caller, key), StoredReplyRow.status.is_(None)))
            await session.commit()

    @staticmethod
    def _is(caller: Caller, key: str) -> tuple[Any, ...]:
        return (StoredReplyRow.tenant_id == caller.tenant_id, StoredReplyRow.caller_id == caller.id, StoredReplyRow.key == key)

    @staticmethod
    def _aad(caller: Caller, key: str) -> str:
        return f"{caller.tenant_id}/reply/{caller.id}/{key}"


class CheckedRoute(APIRoute):
    """Takes checked text and JSON only."""

    def get_route_handler(self) -> _Handler:
        """Checks, then handles."""
        return _checked(self.checked_handler(), takes_json=self.body_field is not None)

    def checked_handler(self) -> _Handler:
        """What runs after the check."""
        return super().get_route_handler()


class IdempotentRoute(CheckedRoute):
    """POST routes honour `Idempotency-Key`, too."""

    def checked_handler(self) -> _Handler:
        """Wraps FastAPI's handler."""
        handler = super().checked_handler()
        return _idempotent(handler) if "POST" in (self.methods or ()) else handler


def _checked(handler: _Handler, *, takes_json: bool) -> _Handler:
    async def handle(request: Request) -> Response:
        checked = CheckedRequest(request.scope, request.receive)
        await checked.check(takes_json=takes_json)
        return await handler(checked)

    return handle


def _idempotent(handler: _Handler) -> _Handler:
    async def handle(request: Request) -> Response:
        key = request.headers.get("idempotency-key")
        if key is None:
            return await handler(request)
        if not 1 <= len(key) <= _MAX_KEY_LENGTH:
            raise CallerError(f"Idempotency-Key: 1 to {_MAX_KEY_LENGTH} characters", details={"errors": [{"field": "Idempotency-Key"}]})
        caller, replies = await caller_of(request), provided(StoredReplies)(request)
        material = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
        stored = await replies.reserve(caller, key, hashlib.sha256(material).hexdigest())
        if stored is not None:
            return stored
        try:
            response = await handler(request)
        except BaseException:
            await _release_quietly(replies, caller, key)
            raise
        # A stream is written while it is read, so there is nothing to keep: asked again, it is written anew.
        if response.status_code < 300 and not isinstance(response, StreamingResponse):
            await replies.store(caller, key, response)
        else:
            await replies.release(caller, key)
        return response

    return handle


async def _release_quietly(replies: StoredReplies, caller: Caller, key: str) -> None:
    try:
        await replies.release(caller, key)
    except CallstageError:
        # The reservation ends by itself; the request's own error is what the client must see.
        return


def api_router(tag: str) -> APIRouter:
    """A router whose POST routes honour `Idempotency-Key` and whose routes need a credential."""
    return APIRouter(tags=[tag], route_class=IdempotentRoute, dependencies=SCHEMES)
