"""Rows of mailboxes."""

from control_api.db.agent_tables import IntegrationRow, MailboxRow
from control_api.db.rows import TenantRows


class MailboxRepository(TenantRows):
    """One per agent."""

    async def get(self, agent_id: str) -> MailboxRow | None:
        """Of that agent."""
        return await self.first(MailboxRow, MailboxRow.agent_id == agent_id)

    async def of_integration(self, integration_id: str) -> list[MailboxRow]:
        """Those whose login is that connected account."""
        return await self.all(MailboxRow, MailboxRow.integration_id == integration_id)

    async def integration(self, integration_id: str, *, lock: bool = False) -> IntegrationRow | None:
        """A connected account of the tenant; `lock` as of `first`."""
        return await self.first(IntegrationRow, IntegrationRow.id == integration_id, lock=lock)
