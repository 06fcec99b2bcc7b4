"""Reading call records; they are written by `consumers`."""

import json
import zlib
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any, Literal

from callstage_domain.errors import NotFound
from callstage_kit.tasks import in_thread

from control_api.access.caller import Caller
from control_api.db.call_tables import CallRow, StageVisitRow, TurnRow
from control_api.db.database import Database
from control_api.db.rows import Page, PageRequest
from control_api.db.tables import now
from control_api.features.calls import export
from control_api.features.calls.repository import CallRepository
from control_api.features.calls.schemas import (
    CallDetail,
    CallFilter,
    CallJournal,
    CallRecord,
    JournalPart,
    StageVisit,
    Stats,
    ToolRunView,
    TranscriptLine,
)

_EXPORT_TIMEOUT_S = 6 * 3600.0
_RESPONSE_WINDOW = timedelta(days=30)
_MAX_RECORDING_BYTES = 64 << 20


class CallService:
    """Lists, details, exports, statistics."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_page(self, caller: Caller, request: PageRequest, wanted: CallFilter, *, newest_first: bool = True) -> Page[CallRow]:
        """A page of calls."""
        async with self._database.session() as session:
            return await CallRepository(session, caller.tenant_id).list_page(request, wanted, newest_first=newest_first)

    async def get(self, caller: Caller, call_id: str) -> CallDetail:
        """Raises NotFound."""
        async with self._database.session() as session:
            calls = CallRepository(session, caller.tenant_id)
            row = await calls.get(call_id)
            if row is None:
                raise NotFound("no such call")
            turns, stages, runs = await calls.turns(call_id), await calls.stages(call_id), await calls.tool_runs(call_id)
        return CallDetail(
            **CallRecord.of(row).model_dump(),
            transcript=[_line(turn) for turn in turns],
            stages=[_visit(stage) for stage in stages],
            tool_runs=[ToolRunView.of(run) for run in runs],
        )

    async def journal(self, caller: Caller, call_id: str) -> CallJournal:
        """Raises NotFound."""
        async with self._database.session() as session:
            calls = CallRepository(session, caller.tenant_id)
            if await calls.get(call_id) is None:
                raise NotFound("no such call")
            rows = [(row.started_at_ms, row.body) for row in await calls.journals(call_id)]
        parts = [JournalPart(started_at_ms=at_ms, recording=await in_thread(_recording, body)) for at_ms, body in rows]
        return CallJournal(call_id=call_id, parts=parts)

    async def export(self, caller: Caller, wanted: CallFilter, file_format: Literal["csv", "jsonl"]) -> AsyncGenerator[bytes]:
        """Pieces of the file; the first one comes after the query has begun."""
        async with self._database.session(timeout_s=_EXPORT_TIMEOUT_S) as session:
            is_first = True
            async for batch in CallRepository(session, caller.tenant_id).stream(wanted):
                yield (export.header(file_format) if is_first else b"") + export.lines(batch, file_format)
                is_first = False
            if is_first:
                yield export.header(file_format)

    async def stats(self, caller: Caller) -> Stats:
        """The tenant in numbers."""
        moment = now()
        async with self._database.session() as session:
            calls = CallRepository(session, caller.tenant_id)
            total_ms, average_ms = await calls.durations()
            response_ms = await calls.average_response_ms(moment - _RESPONSE_WINDOW)
            return Stats(
                agents=await calls.count_agents(),
                numbers=await calls.count_numbers(),
                calls_total=await calls.count_calls(),
                calls_today=await calls.count_calls(CallRow.started_at >= _midnight(moment)),
                active_calls=await calls.count_calls(CallRow.ended_at.is_(None)),
                minutes_total=round(total_ms / 60_000, 2),
                avg_duration_s=round(average_ms / 1000, 2),
                avg_response_ms=None if response_ms is None else round(response_ms, 1),
            )


def _recording(body: bytes) -> dict[str, Any]:
    return json.loads(zlib.decompressobj().decompress(body, _MAX_RECORDING_BYTES))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _line(row: TurnRow) -> TranscriptLine:
    return TranscriptLine.model_validate(
        {
            "turn": row.turn,
            "role": row.role,
            "text": row.text,
            "stage": row.stage,
            "started_at_ms": row.started_at_ms,
            "ended_at_ms": row.ended_at_ms,
            "interrupted": row.was_interrupted,
            "latency": row.latency,
            "waterfall": row.waterfall,
            "providers": row.providers,
        }
    )


def _visit(row: StageVisitRow) -> StageVisit:
    return StageVisit(stage=row.stage, previous=row.previous, by_tool=row.by_tool, at=row.occurred_at)
