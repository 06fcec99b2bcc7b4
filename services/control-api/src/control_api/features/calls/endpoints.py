"""/v1/calls, /v1/stats, and the same under /api/dashboard (rule RE2)."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import StreamingResponse

from control_api.access.dependencies import Viewer
from control_api.access.idempotent_route import api_router
from control_api.db.rows import PageRequest
from control_api.features.calls.export import MEDIA_TYPES
from control_api.features.calls.schemas import (
    CallDetail,
    CallJournal,
    CallList,
    CallQuery,
    CallRecord,
    CallSeries,
    ExportQuery,
    SeriesQuery,
    Stats,
)
from control_api.features.calls.series import CallSeriesService
from control_api.features.calls.service import CallService
from control_api.web.provide import provided

router = api_router("calls")
Service = Annotated[CallService, Depends(provided(CallService))]
SeriesService = Annotated[CallSeriesService, Depends(provided(CallSeriesService))]


@router.get("/api/dashboard/calls", operation_id="dashboard_list_calls")
@router.get("/v1/calls")
async def list_calls(caller: Viewer, service: Service, query: Annotated[CallQuery, Query()]) -> CallList:
    """Calls of the tenant, newest first unless asked otherwise."""
    page = await service.list_page(caller, PageRequest(query.limit, query.cursor), query, newest_first=query.sort == "newest")
    return CallList(calls=[CallRecord.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/v1/calls/series")
async def get_call_series(
    caller: Viewer, service: Annotated[CallSeriesService, Depends(provided(CallSeriesService))], query: Annotated[SeriesQuery, Query()]
) -> CallSeries:
    """Calls over time: by hours up to three days, by days beyond.

    It reaches back 366 days at most. Without `from` it begins with the first call of the last 30 days.
    """
    return await service.read(caller, query)


@router.get("/v1/calls/export", response_class=StreamingResponse)
async def export_calls(caller: Viewer, service: Service, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
    """All calls that match, as a file."""
    pieces = service.export(caller, query, query.format)
    # The query begins before the reply does, so that a failure is still an error reply.
    first = await anext(pieces)
    headers = {"Content-Disposition": f'attachment; filename="calls.{query.format}"'}
    return StreamingResponse(_rest(first, pieces), media_type=MEDIA_TYPES[query.format], headers=headers)


@router.get("/api/dashboard/calls/{call_id}", operation_id="dashboard_get_call")
@router.get("/v1/calls/{call_id}")
async def get_call(caller: Viewer, service: Service, call_id: str) -> CallDetail:
    """One call with its transcript, stages and tool runs."""
    return await service.get(caller, call_id)


@router.get("/v1/calls/{call_id}/journal")
async def get_call_journal(caller: Viewer, service: Service, call_id: str) -> CallJournal:
    """What was told and decided in one call, to be replayed (`callstage replay`); kept when the agent has `keep_journal`."""
    return await service.journal(caller, call_id)


@router.get("/api/dashboard/stats", operation_id="dashboard_get_stats")
@router.get("/v1/stats")
async def get_stats(caller: Viewer, service: Service) -> Stats:
    """The tenant in numbers."""
    return await service.stats(caller)


async def _rest(first: bytes, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    try:
        yield first
        async for piece in pieces:
            yield piece
    finally:
        await pieces.aclose()
