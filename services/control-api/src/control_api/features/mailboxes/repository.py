"""Rows of mailboxes."""

from control_api.db.agent_tables import MailboxRow
from control_api.db.rows import TenantRows


class MailboxRepository(TenantRows):
    """One per agent."""

    async def get(self, agent_id: str) -> MailboxRow | None:
        """Of that agent."""
        return await self.first(MailboxRow, MailboxRow.agent_id == agent_id)
