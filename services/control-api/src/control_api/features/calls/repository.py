"""Rows of calls."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select

from control_api.db.agent_tables import AgentRow, NumberRow
from control_api.db.call_tables import CallJournalRow, CallRow, StageVisitRow, ToolRunRow, TurnRow
from control_api.db.rows import Page, PageRequest, TenantRows
from control_api.features.calls.conditions import conditions
from control_api.features.calls.schemas import CallFilter

EXPORT_BATCH = 500


class CallRepository(TenantRows):
    """Calls of one tenant."""

    async def list_page(self, request: PageRequest, wanted: CallFilter, *, newest_first: bool = True) -> Page[CallRow]:
        """By the start of the call."""
        order = (CallRow.started_at, CallRow.call_id)
        return await self.page(CallRow, request, *conditions(wanted), order=order, newest_first=newest_first)

    async def get(self, call_id: str) -> CallRow | None:
        """By id."""
        return await self.first(CallRow, CallRow.call_id == call_id)

    async def turns(self, call_id: str) -> Sequence[TurnRow]:
        """In the order they were spoken."""
        statement = self.of(TurnRow, TurnRow.call_id == call_id)
        return (await self.session.scalars(statement.order_by(TurnRow.turn, TurnRow.started_at_ms, TurnRow.role.desc()))).all()

    async def stages(self, call_id: str) -> Sequence[StageVisitRow]:
        """In order."""
        return (await self.session.scalars(self.of(StageVisitRow, StageVisitRow.call_id == call_id).order_by(StageVisitRow.occurred_at))).all()

    async def tool_runs(self, call_id: str) -> Sequence[ToolRunRow]:
        """In order."""
        return (await self.session.scalars(self.of(ToolRunRow, ToolRunRow.call_id == call_id).order_by(ToolRunRow.occurred_at))).all()

    async def journals(self, call_id: str) -> Sequence[CallJournalRow]:
        """In the order in which processes took the call on."""
        statement = self.of(CallJournalRow, CallJournalRow.call_id == call_id)
        return (await self.session.scalars(statement.order_by(CallJournalRow.started_at_ms, CallJournalRow.occurred_at))).all()

    async def stream(self, wanted: CallFilter) -> AsyncGenerator[Sequence[CallRow]]:
        """Oldest first, in batches, from a server-side cursor: constant memory for any number of rows."""
        statement = self.of(CallRow, *conditions(wanted)).order_by(CallRow.started_at, CallRow.call_id)
        result = await self.session.stream_scalars(statement.execution_options(yield_per=EXPORT_BATCH))
        async for batch in result.partitions():
            yield batch
            self.session.expunge_all()

    async def count_agents(self) -> int:
        """Agents of the tenant."""
        return await self._count(select(func.count()).select_from(AgentRow).where(AgentRow.tenant_id == self.tenant_id))

    async def count_numbers(self) -> int:
        """Numbers of the tenant."""
        return await self._count(select(func.count()).select_from(NumberRow).where(NumberRow.tenant_id == self.tenant_id))

    async def count_calls(self, *conditions: ColumnElement[bool]) -> int:
        """Calls that match."""
        return await self._count(select(func.count()).select_from(CallRow).where(CallRow.tenant_id == self.tenant_id, *conditions))

    async def durations(self) -> tuple[float, float]:
        """Sum and average of `duration_ms`."""
        statement = select(func.coalesce(func.sum(CallRow.duration_ms), 0), func.coalesce(func.avg(CallRow.duration_ms), 0))
        total, average = (await self.session.execute(statement.where(CallRow.tenant_id == self.tenant_id))).one()
        return float(total or 0), float(average or 0)

    async def average_response_ms(self, since: datetime) -> float | None:
        """Of turns that have one."""
        statement = select(func.avg(TurnRow.response_ms)).where(TurnRow.tenant_id == self.tenant_id, TurnRow.occurred_at >= since)
        found = await self.session.scalar(statement)
        return None if found is None else float(found)

    async def _count(self, statement: Select[int]) -> int:
        return await self.session.scalar(statement) or 0
