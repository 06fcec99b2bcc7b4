"""Rows of numbers."""

from collections.abc import Sequence

from sqlalchemy import select

from control_api.db.agent_tables import AgentRow, NumberRow
from control_api.db.rows import Page, PageRequest, TenantRows


class NumberRepository(TenantRows):
    """Numbers of one tenant."""

    async def get(self, number_id: str, *, lock: bool = False) -> NumberRow | None:
        """By id, or by the number itself."""
        return await self.first(NumberRow, (NumberRow.id == number_id) | (NumberRow.number == number_id), lock=lock)

    async def list_page(self, request: PageRequest) -> Page[NumberRow]:
        """Newest first."""
        return await self.page(NumberRow, request, order=(NumberRow.created_at, NumberRow.id))

    async def is_taken(self, number: str) -> bool:
        """A number belongs to one tenant of the platform."""
        return await self.session.scalar(select(NumberRow.id).where(NumberRow.number == number)) is not None

    async def of_agent(self, agent_id: str) -> NumberRow | None:
        """The one number of an agent (rule N2)."""
        return await self.first(NumberRow, NumberRow.inbound_route == "ai_agent", NumberRow.route_target == agent_id)

    async def live_agents(self, rows: Sequence[NumberRow]) -> set[str]:
        """Which of their agents are deployed."""
        targets = [row.route_target for row in rows if row.inbound_route == "ai_agent" and row.route_target]
        if not targets:
            return set()
        statement = self.of(AgentRow, AgentRow.agent_id.in_(targets), AgentRow.active_deployment > 0)
        return {row.agent_id for row in await self.session.scalars(statement)}
