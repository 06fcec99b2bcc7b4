"""What an agent is connected to, from the database (rule T12)."""

from sqlalchemy.ext.asyncio import AsyncSession

from control_api.compile.draft import AgentDraft
from control_api.compile.hosts import AgentHosts, host_in, hosts_of_integration
from control_api.db.agent_tables import BackendRow, IntegrationRow
from control_api.db.rows import TenantRows


async def hosts_of(session: AsyncSession, tenant_id: str, agent_id: str, draft: AgentDraft) -> AgentHosts:
    """As connected now."""
    rows = TenantRows(session, tenant_id)
    backend = await rows.first(BackendRow, BackendRow.agent_id == agent_id)
    integrations: dict[str, tuple[str, ...]] = {}
    for category, integration_id in draft.integrations.items():
        row = await rows.first(IntegrationRow, IntegrationRow.id == integration_id)
        if row is not None:
            integrations[str(category)] = hosts_of_integration(row.provider, row.settings)
    return AgentHosts(host_in(backend.url) if backend is not None else None, integrations, host_in(draft.tools_webhook_url))
