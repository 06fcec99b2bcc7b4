"""Calls over time, counted by Postgres."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ARRAY, DateTime, Select, func, literal, select

from control_api.db.call_tables import CallRow, TurnRow
from control_api.db.rows import TenantRows
from control_api.features.calls.conditions import conditions
from control_api.features.calls.schemas import CallFilter
from control_api.features.calls.span import Span


class EndedCount(NamedTuple):
    """Calls of one bucket that ended for one reason; None: they still run. `bucket` counts from 0."""

    bucket: int
    reason: str | None
    calls: int
    answered: int
    cost: float | None


class ResponseTimes(NamedTuple):
    """Of the answers in calls that began in one bucket; `bucket` None: of all of them."""

    bucket: int | None
    p50_ms: float
    p95_ms: float


class CallSeriesRepository(TenantRows):
    """Reads by the start of calls, which is indexed within the tenant, and by agent, too."""

    async def first_start(self, wanted: CallFilter, since: datetime, until: datetime) -> datetime | None:
        """Of the calls that match."""
        within = (CallRow.started_at >= since, CallRow.started_at < until)
        statement = select(CallRow.started_at).where(CallRow.tenant_id == self.tenant_id, *conditions(wanted), *within)
        return await self.session.scalar(statement.order_by(CallRow.started_at).limit(1))

    async def counts(self, wanted: CallFilter, span: Span, starts: Sequence[datetime]) -> list[EndedCount]:
        """At most one for every bucket and ended reason."""
        calls = self._calls(wanted, span, starts).subquery()
        figures = (func.count(), func.count(calls.c.answered_at), func.sum(calls.c.cost))
        statement = select(calls.c.bucket, calls.c.ended_reason, *figures).group_by(calls.c.bucket, calls.c.ended_reason)
        return [EndedCount(*row) for row in (await self.session.execute(statement)).all()]

    async def response_times(self, wanted: CallFilter, span: Span, starts: Sequence[datetime]) -> list[ResponseTimes]:
        """One for every bucket with answers, and one for all."""
        calls = self._calls(wanted, span, starts).subquery()
        p50, p95 = (func.percentile_cont(part).within_group(TurnRow.response_ms) for part in (0.5, 0.95))
        statement = (
            select(calls.c.bucket, p50, p95)
            .join(TurnRow, (TurnRow.tenant_id == self.tenant_id) & (TurnRow.call_id == calls.c.call_id))
            .where(TurnRow.response_ms.is_not(None))
            .group_by(func.rollup(calls.c.bucket))
        )
        rows = (await self.session.execute(statement)).all()
        return [ResponseTimes(bucket, float(half), float(most)) for bucket, half, most in rows if half is not None]

    def _calls(self, wanted: CallFilter, span: Span, starts: Sequence[datetime]) -> Select[int, str, str | None, datetime | None, float | None]:
        edges = literal(list(starts), ARRAY(DateTime(timezone=True)))
        bucket = (func.width_bucket(CallRow.started_at, edges) - 1).label("bucket")
        within = (CallRow.started_at >= span.start, CallRow.started_at < span.end)
        return select(bucket, CallRow.call_id, CallRow.ended_reason, CallRow.answered_at, CallRow.cost).where(
            CallRow.tenant_id == self.tenant_id, *conditions(wanted), *within
        )
