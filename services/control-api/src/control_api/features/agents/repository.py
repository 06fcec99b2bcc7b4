"""Rows of agents."""

from sqlalchemy import select

from control_api.db.access_tables import TenantRow
from control_api.db.agent_tables import AgentRow, BackendRow, DeploymentRow, MailboxRow, NumberRow
from control_api.db.agent_test_tables import AgentTestRow
from control_api.db.embed_tables import EmbedTokenRow
from control_api.db.rows import Page, PageRequest, TenantRows


class AgentRepository(TenantRows):
    """Agents of one tenant and what hangs on them."""

    async def get(self, agent_id: str, *, lock: bool = False) -> AgentRow | None:
        """By id; lock it before anything that belongs to it is changed."""
        return await self.first(AgentRow, AgentRow.agent_id == agent_id, lock=lock)

    async def list_page(self, request: PageRequest) -> Page[AgentRow]:
        """Oldest first: the first one is the tenant's default."""
        return await self.page(AgentRow, request, order=(AgentRow.created_at, AgentRow.agent_id), newest_first=False)

    async def backend(self, agent_id: str) -> BackendRow | None:
        """Its backend connection."""
        return await self.first(BackendRow, BackendRow.agent_id == agent_id)

    async def mailbox(self, agent_id: str) -> MailboxRow | None:
        """Its mailbox."""
        return await self.first(MailboxRow, MailboxRow.agent_id == agent_id)

    async def numbers(self, agent_id: str) -> list[NumberRow]:
        """Numbers that lead to it."""
        return await self.all(NumberRow, NumberRow.inbound_route == "ai_agent", NumberRow.route_target == agent_id)

    async def embed_tokens(self, agent_id: str) -> list[EmbedTokenRow]:
        """Tokens of pages that it is on."""
        return await self.all(EmbedTokenRow, EmbedTokenRow.agent_id == agent_id)

    async def tests(self, agent_id: str) -> list[str]:
        """Ids of its tests, which go with it."""
        return [row.id for row in await self.all(AgentTestRow, AgentTestRow.agent_id == agent_id)]

    async def deployments(self, agent_id: str) -> list[DeploymentRow]:
        """All snapshots, the test draft (0) included, newest first."""
        return sorted(await self.all(DeploymentRow, DeploymentRow.agent_id == agent_id), key=lambda row: row.deployment, reverse=True)

    async def tenant_exists(self, tenant_id: str) -> bool:
        """For a move."""
        return await self.session.scalar(select(TenantRow.id).where(TenantRow.id == tenant_id)) is not None
