"""Rows of agents."""

import re

from sqlalchemy import ColumnElement, exists, func, or_, select

from control_api.db.access_tables import AuditRow, TenantRow, UserRow
from control_api.db.agent_tables import AgentRow, BackendRow, DeploymentRow, MailboxRow, NumberRow
from control_api.db.agent_test_tables import AgentTestRow
from control_api.db.embed_tables import EmbedTokenRow
from control_api.db.rows import Page, PageRequest, TenantRows
from control_api.features.agents.schemas import AgentQuery, LastChange

_MAX_WORDS = 8
_PART_OF_NUMBER = re.compile(r"[0-9+().-]+")


class AgentRepository(TenantRows):
    """Agents of one tenant and what hangs on them."""

    async def get(self, agent_id: str, *, lock: bool = False) -> AgentRow | None:
        """By id; lock it before anything that belongs to it is changed."""
        return await self.first(AgentRow, AgentRow.agent_id == agent_id, lock=lock)

    async def list_page(self, request: PageRequest, wanted: AgentQuery) -> Page[AgentRow]:
        """Oldest first unless asked otherwise: the first one is the tenant's default."""
        is_edited = wanted.sort == "edited"
        order = (AgentRow.updated_at if is_edited else AgentRow.created_at, AgentRow.agent_id)
        found = [_holds(word) for word in (wanted.q or "").split()[:_MAX_WORDS]]
        return await self.page(AgentRow, request, *found, order=order, newest_first=is_edited)

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

    async def last_change(self, agent_id: str) -> LastChange | None:
        """The newest entry of the audit log about the agent's draft, with the name that its author has now."""
        is_author = (UserRow.tenant_id == AuditRow.tenant_id) & (UserRow.id == AuditRow.actor_id)
        statement = (
            select(AuditRow.at, AuditRow.actor_kind, AuditRow.actor_id, func.coalesce(func.nullif(UserRow.name, ""), AuditRow.actor_name))
            .outerjoin(UserRow, is_author)
            .where(AuditRow.tenant_id == self.tenant_id, AuditRow.entity == "agent", AuditRow.entity_id == agent_id)
            .where(AuditRow.action.in_(("agent.created", "agent.changed")))
            .order_by(AuditRow.id.desc())
            .limit(1)
        )
        row = (await self.session.execute(statement)).first()
        return None if row is None else LastChange.model_validate(dict(zip(("at", "kind", "id", "name"), row, strict=True)))

    async def tenant_exists(self, tenant_id: str) -> bool:
        """For a move."""
        return await self.session.scalar(select(TenantRow.id).where(TenantRow.id == tenant_id)) is not None


def _holds(word: str) -> ColumnElement[bool]:
    """The word stands in what people call the agent by, or in a number that leads to it."""
    texts = (AgentRow.agent_id, AgentRow.draft["display_name"].astext, AgentRow.draft["company"].astext)
    named = or_(*(text.icontains(word, autoescape=True) for text in texts))
    digits = re.sub(r"[^0-9]", "", word)
    if not digits or not _PART_OF_NUMBER.fullmatch(word):
        return named
    leads = (NumberRow.tenant_id == AgentRow.tenant_id, NumberRow.inbound_route == "ai_agent", NumberRow.route_target == AgentRow.agent_id)
    return or_(named, exists().where(*leads, NumberRow.number.contains(digits)))
