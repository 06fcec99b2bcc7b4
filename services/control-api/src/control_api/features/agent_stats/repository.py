"""Numbers of all agents of a tenant: one statement each, whatever the number of agents."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from control_api.db.agent_tables import AgentRow, NumberRow
from control_api.db.call_tables import CallRow, TurnRow
from control_api.db.rows import TenantRows

MAX_AGENTS = 1000


class AgentStatsRepository(TenantRows):
    """Grouped by agent id."""

    async def agents(self) -> Sequence[AgentRow]:
        """Oldest first."""
        return (await self.session.scalars(self.of(AgentRow).order_by(AgentRow.created_at, AgentRow.agent_id).limit(MAX_AGENTS))).all()

    async def numbers(self) -> dict[str, list[str]]:
        """Numbers that lead to an agent."""
        found: dict[str, list[str]] = {}
        for row in await self.all(NumberRow, NumberRow.inbound_route == "ai_agent", NumberRow.route_target.is_not(None)):
            found.setdefault(row.route_target or "", []).append(row.number)
        return found

    async def calls_since(self, since: datetime) -> dict[str, int]:
        """How many began; without test calls."""
        statement = (
            select(CallRow.agent_id, func.count())
            .where(CallRow.tenant_id == self.tenant_id, CallRow.started_at >= since, CallRow.is_test.is_(False), CallRow.agent_id.is_not(None))
            .group_by(CallRow.agent_id)
        )
        return {str(agent_id): count for agent_id, count in (await self.session.execute(statement)).all()}

    async def running(self) -> dict[str, int]:
        """How many are not over."""
        statement = (
            select(CallRow.agent_id, func.count())
            .where(CallRow.tenant_id == self.tenant_id, CallRow.ended_at.is_(None), CallRow.agent_id.is_not(None))
            .group_by(CallRow.agent_id)
        )
        return {str(agent_id): count for agent_id, count in (await self.session.execute(statement)).all()}

    async def last_calls(self, *, is_test: bool) -> dict[str, datetime]:
        """When the newest call began: one look into the index for each agent."""
        # `is_test` by itself, as the index of test calls says it: "is_test IS true" would read every real call of the agent.
        kind = CallRow.is_test if is_test else CallRow.is_test.is_(False)
        newest = (
            select(CallRow.started_at)
            .where(CallRow.tenant_id == AgentRow.tenant_id, CallRow.agent_id == AgentRow.agent_id, kind)
            .order_by(CallRow.started_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        statement = select(AgentRow.agent_id, newest.label("newest")).where(AgentRow.tenant_id == self.tenant_id)
        return {agent_id: at for agent_id, at in (await self.session.execute(statement)).all() if at is not None}

    async def p95_response_ms(self, since: datetime) -> dict[str, float]:
        """Of answers in calls that began since then; without test calls."""
        statement = (
            select(CallRow.agent_id, func.percentile_cont(0.95).within_group(TurnRow.response_ms))
            .join(TurnRow, (TurnRow.tenant_id == CallRow.tenant_id) & (TurnRow.call_id == CallRow.call_id))
            .where(CallRow.tenant_id == self.tenant_id, CallRow.started_at >= since, CallRow.is_test.is_(False), TurnRow.response_ms.is_not(None))
            .group_by(CallRow.agent_id)
        )
        return {str(agent_id): float(value) for agent_id, value in (await self.session.execute(statement)).all() if value is not None}
