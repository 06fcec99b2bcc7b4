"""Rows of backend connections."""

from control_api.db.agent_tables import BackendRow
from control_api.db.rows import TenantRows


class BackendRepository(TenantRows):
    """One per agent."""

    async def get(self, agent_id: str) -> BackendRow | None:
        """Of that agent."""
        return await self.first(BackendRow, BackendRow.agent_id == agent_id)
