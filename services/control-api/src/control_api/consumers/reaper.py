"""Closes calls whose end was never told, and forgets the marks of old events, the recorded decisions of old calls and old webhook deliveries."""

from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog
from callstage_domain.call import EndedReason
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope, forever
from sqlalchemy import Integer, cast, delete, func, literal, select, update

from control_api.consumers.webhook_messages import delivery_insert, end_of_call
from control_api.db.agent_tables import AgentRow
from control_api.db.call_tables import AppliedEventRow, CallJournalRow, CallRow
from control_api.db.database import Database
from control_api.db.tables import now
from control_api.db.webhook_tables import WebhookDeliveryRow

_log = structlog.get_logger(__name__)
GRACE = timedelta(minutes=10)
_DEFAULT_MAX_DURATION_S = 600
_MARKS_KEPT = timedelta(days=21)
"""Longer than the stream keeps events (14 days)."""
_DELIVERIES_KEPT = timedelta(days=30)


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
            .returning(CallRow.tenant_id, CallRow.call_id, CallRow.last_event_at)
        )
        try:
            async with self._database.session() as session:
                found = (await session.execute(lost)).all()
                told = [row for tenant_id, call_id, at in found for row in end_of_call(tenant_id, call_id, f"{call_id}_lost", at)]
                if told:
                    await session.execute(delivery_insert(), told)
                await session.execute(delete(AppliedEventRow).where(AppliedEventRow.applied_at < moment - _MARKS_KEPT))
                await session.execute(delete(CallJournalRow).where(CallJournalRow.occurred_at < moment - self._journals_kept))
                await session.execute(delete(WebhookDeliveryRow).where(WebhookDeliveryRow.created_at < moment - _DELIVERIES_KEPT))
                await session.commit()
        except DependencyError as err:
            _log.warning("reaper_waits", error=err.message)
            return
        if found:
            _log.warning("calls_reaped", count=len(found))
