"""Closes calls whose end was never told, and forgets the marks of old events and the recorded decisions of old calls."""

from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog
from callstage_domain.call import EndedReason
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope, forever
from sqlalchemy import CursorResult, Integer, cast, delete, func, literal, select, update

from control_api.db.agent_tables import AgentRow
from control_api.db.call_tables import AppliedEventRow, CallJournalRow, CallRow
from control_api.db.database import Database
from control_api.db.tables import now

_log = structlog.get_logger(__name__)
GRACE = timedelta(minutes=10)
_DEFAULT_MAX_DURATION_S = 600
_MARKS_KEPT = timedelta(days=21)
"""Longer than the stream keeps events (14 days)."""


class CallReaper:
    """Entered = running. Recorded decisions are forgotten after `journal_days`."""

    def __init__(self, database: Database, *, interval_s: float, journal_days: float = 30.0) -> None:
        self._journals_kept = timedelta(days=journal_days)
        self._database = database
        self._interval_s = interval_s
        self._scope = TaskScope("call_reaper")

    async def __aenter__(self) -> Self:
        self._scope.start(forever(self._interval_s, self.reap, name="reap_calls"), name="reap")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()

    async def reap(self) -> None:
        """One round. A call is lost when nothing was told of it for its agent's longest duration and ten minutes more.

        A real end that arrives later replaces this one.
        """
        limit_s = func.coalesce(
            select(cast(AgentRow.draft["max_duration_s"].astext, Integer))
            .where(AgentRow.tenant_id == CallRow.tenant_id, AgentRow.agent_id == CallRow.agent_id)
            .scalar_subquery(),
            literal(_DEFAULT_MAX_DURATION_S),
        )
        moment = now()
        lost = (
            update(CallRow)
            .where(CallRow.ended_at.is_(None), CallRow.last_event_at < moment - GRACE)
            .where(func.extract("epoch", literal(moment) - CallRow.last_event_at) > limit_s + GRACE.total_seconds())
            .values(
                ended_at=CallRow.last_event_at,
                ended_reason=str(EndedReason.GATEWAY_LOST),
                is_reaped=True,
                duration_ms=cast(
                    func.extract("epoch", CallRow.last_event_at - func.coalesce(CallRow.answered_at, CallRow.last_event_at)) * 1000, Integer
                ),
            )
        )
        try:
            async with self._database.session() as session:
                result = await session.execute(lost)
                await session.execute(delete(AppliedEventRow).where(AppliedEventRow.applied_at < moment - _MARKS_KEPT))
                await session.execute(delete(CallJournalRow).where(CallJournalRow.occurred_at < moment - self._journals_kept))
                await session.commit()
        except DependencyError as err:
            _log.warning("reaper_waits", error=err.message)
            return
        if isinstance(result, CursorResult) and result.rowcount:
            _log.warning("calls_reaped", count=result.rowcount)
