"""Rows of calls that run."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from control_api.db.agent_tables import AgentRow
from control_api.db.call_tables import CallRow, StageVisitRow
from control_api.db.rows import TenantRows

MAX_CALLS = 500


class LiveCallRepository(TenantRows):
    """Calls of one tenant that are not over."""

    async def running(self) -> Sequence[CallRow]:
        """Oldest first."""
        statement = self.of(CallRow, CallRow.ended_at.is_(None), CallRow.agent_id.is_not(None))
        return (await self.session.scalars(statement.order_by(CallRow.started_at, CallRow.call_id).limit(MAX_CALLS))).all()

    async def get(self, call_id: str) -> CallRow | None:
        """By id, also when it is over."""
        return await self.first(CallRow, CallRow.call_id == call_id)

    async def ended(self, call_ids: Collection[str]) -> Sequence[CallRow]:
        """Those of them that are over."""
        return (await self.session.scalars(self.of(CallRow, CallRow.call_id.in_(call_ids), CallRow.ended_at.is_not(None)))).all()

    async def stages(self, call_ids: Sequence[str]) -> dict[str, str]:
        """The stage each is in."""
        newest = func.row_number().over(partition_by=StageVisitRow.call_id, order_by=StageVisitRow.occurred_at.desc())
        visits = (
            select(StageVisitRow.call_id, StageVisitRow.stage, newest.label("place"))
            .where(StageVisitRow.tenant_id == self.tenant_id, StageVisitRow.call_id.in_(call_ids))
            .subquery()
        )
        found = await self.session.execute(select(visits.c.call_id, visits.c.stage).where(visits.c.place == 1))
        return {str(row.call_id): str(row.stage) for row in found}

    async def names(self, agent_ids: Sequence[str]) -> dict[str, str]:
        """Display names of agents."""
        statement = select(AgentRow.agent_id, AgentRow.draft["display_name"].astext).where(
            AgentRow.tenant_id == self.tenant_id, AgentRow.agent_id.in_(agent_ids)
        )
        return {str(row[0]): str(row[1]) for row in await self.session.execute(statement)}
