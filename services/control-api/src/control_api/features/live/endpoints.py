"""/v1/live: running calls, events about them, and what an operator tells them."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated, Any

from callstage_domain.errors import DependencyError, Forbidden, Unauthorized
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from control_api.access.caller import Caller
from control_api.access.dependencies import Editor, Viewer, caller_again
from control_api.access.idempotent_route import api_router
from control_api.features.live.schemas import Hint, LiveCallList, LiveDone, LiveEvent
from control_api.features.live.service import LiveService
from control_api.features.live.stream import Records, frames
from control_api.web.provide import provided

router = api_router("live")
Service = Annotated[LiveService, Depends(provided(LiveService))]


class EventStream(StreamingResponse):
    """Server-Sent Events. Closes what stands behind it, also when the reader was gone before the first frame."""

    media_type = "text/event-stream"

    def __init__(self, pieces: AsyncGenerator[bytes], behind: AsyncExitStack) -> None:
        super().__init__(pieces, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._pieces = pieces
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        async with self._behind:
            try:
                await super().__call__(scope, receive, send)
            finally:
                await self._pieces.aclose()


_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-Sent Events; the `data` of each is a LiveEvent.",
        "model": LiveEvent,
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/v1/live/calls")
async def list_live_calls(caller: Viewer, service: Service) -> LiveCallList:
    """Calls that run now, oldest first."""
    return LiveCallList(calls=await service.running(caller))


@router.get("/v1/live/events", response_class=StreamingResponse, responses=_STREAM)
async def watch_live_calls(caller: Viewer, service: Service, request: Request) -> EventStream:
    """What happens in all calls of the tenant, as it happens."""
    return await _stream(request, caller, service, None)


@router.get("/v1/live/calls/{call_id}/events", response_class=StreamingResponse, responses=_STREAM)
async def watch_live_call(caller: Viewer, service: Service, request: Request, call_id: str) -> EventStream:
    """What happens in one call, until it ends."""
    return await _stream(request, caller, service, call_id)


@router.post("/v1/live/calls/{call_id}/hint")
async def hint_live_call(caller: Editor, service: Service, call_id: str, body: Hint) -> LiveDone:
    """Tell the AI something in a running call; the caller does not hear it."""
    await service.hint(caller, call_id, body.text)
    return LiveDone(call_id=call_id)


@router.post("/v1/live/calls/{call_id}/end")
async def end_live_call(caller: Editor, service: Service, call_id: str) -> LiveDone:
    """End a running call at once, without a farewell."""
    await service.end(caller, call_id)
    return LiveDone(call_id=call_id)


async def _stream(request: Request, caller: Caller, service: LiveService, call_id: str | None) -> EventStream:
    # Entered here, so that what is wrong is still an error reply.
    behind = AsyncExitStack()
    listener, calls = await behind.enter_async_context(service.listening(caller, call_id))
    records = Records(_still(request, caller), partial(service.ended, caller))
    return EventStream(frames(service.feed, listener, calls, records, ends_with=call_id), behind)


def _still(request: Request, caller: Caller) -> Callable[[], Awaitable[bool]]:
    async def may_read() -> bool:
        try:
            return (await caller_again(request)).tenant_id == caller.tenant_id
        except (Unauthorized, Forbidden):
            return False
        except DependencyError:
            # Postgres is away for a moment: that says nothing about the reader.
            return True

    return may_read
