"""The snapshot that an agent's draft makes, with the connections the agent has."""

from callstage_domain.agent import AgentSnapshot
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.compile.snapshot import compile_snapshot
from control_api.db.agent_tables import AgentRow
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.view import draft_of


async def compiled(session: AsyncSession, row: AgentRow, deployment: int) -> AgentSnapshot:
    """Of a draft with errors, too: names that resolve to no tool are left out."""
    agents = AgentRepository(session, row.tenant_id)
    mailbox, draft = await agents.mailbox(row.agent_id), draft_of(row)
    return compile_snapshot(
        draft,
        tenant_id=row.tenant_id,
        agent_id=row.agent_id,
        deployment=deployment,
        has_backend=await agents.backend(row.agent_id) is not None,
        integrations={**({"email": mailbox.integration_id} if mailbox else {}), **draft.integrations},
    )
