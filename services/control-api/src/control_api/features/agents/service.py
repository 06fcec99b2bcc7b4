"""Agents as drafts (rules A1, A2). Live traffic sees none of this before a deploy (rule D1)."""

from collections.abc import Mapping

from callstage_contracts.buckets import (
    ACTIVE,
    BACKENDS,
    DEPLOYMENTS,
    EMBED_TOKENS,
    MAILBOXES,
    ROUTES,
    IntegrationCategory,
    agent_key,
    deployment_key,
    route_key,
)
from callstage_domain.errors import Conflict, NotFound

from control_api.access.caller import Caller
from control_api.compile.draft import AgentDraft, NotClearable, merged
from control_api.compile.draft import AgentPatch as Patch
from control_api.compile.effects import ToolEffects
from control_api.compile.findings import Finding
from control_api.compile.hosts import all_with_hosts
from control_api.compile.templates import TEMPLATES
from control_api.db.agent_tables import AgentRow, IntegrationRow
from control_api.db.rows import Page, PageRequest, TenantRows
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.agents.draft_checks import DraftChecks
from control_api.features.agents.hosts import hosts_of
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.schemas import AgentCreate, AgentQuery, LastChange, shown_draft
from control_api.features.agents.view import draft_of, etag_of
from control_api.outbox.records import active_record, route_record
from control_api.web.problems import EditConflict, FieldError


class AgentService:
    """Create, read, change, delete, check."""

    def __init__(self, writer: Writer, checks: DraftChecks) -> None:
        self._writer = writer
        self._checks = checks

    async def list_page(self, caller: Caller, request: PageRequest, wanted: AgentQuery) -> Page[AgentRow]:
        """A page of agents."""
        async with self._writer.database.session() as session:
            return await AgentRepository(session, caller.tenant_id).list_page(request, wanted)

    async def get(self, caller: Caller, agent_id: str) -> AgentRow:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            return found(await AgentRepository(session, caller.tenant_id).get(agent_id))

    async def last_change(self, caller: Caller, agent_id: str) -> LastChange:
        """Raises NotFound, also while nobody has changed an agent since it came from another tenant."""
        async with self._writer.database.session() as session:
            agents = AgentRepository(session, caller.tenant_id)
            found(await agents.get(agent_id))
            change = await agents.last_change(agent_id)
        if change is None:
            raise NotFound("nobody has changed the agent here yet")
        return change

    async def review(self, caller: Caller, agent_id: str) -> tuple[list[Finding], list[ToolEffects]]:
        """Rules S5 and T12, for the draft."""
        draft = draft_of(await self.get(caller, agent_id))
        findings, effects = await self._checks.review(draft)
        async with self._writer.database.session() as session:
            hosts = await hosts_of(session, caller.tenant_id, agent_id, draft)
        return findings, all_with_hosts(draft, effects, hosts)

    async def create(self, caller: Caller, body: AgentCreate) -> AgentRow:
        """Raises Conflict when the id is taken in this tenant."""
        sent = Patch.model_validate(body.model_dump(exclude_unset=True, exclude={"agent_id", "template"}))
        draft = _merged(TEMPLATES[body.template] if body.template else {}, sent)
        async with self._writer.change(caller) as unit:
            await check_attached(unit, draft.integrations)
            if await AgentRepository(unit.session, unit.tenant_id).get(body.agent_id) is not None:
                raise Conflict(f"agent_id: there is an agent '{body.agent_id}' already", details={"errors": [{"field": "agent_id"}]})
            moment = now()
            row = AgentRow(
                tenant_id=unit.tenant_id,
                agent_id=body.agent_id,
                draft=draft.model_dump(mode="json"),
                version=1,
                active_deployment=0,
                last_deployment=0,
                created_at=moment,
                updated_at=moment,
            )
            unit.session.add(row)
            await unit.publish(ACTIVE, agent_key(row.tenant_id, row.agent_id), active_record(row))
            unit.audit("agent.created", "agent", row.agent_id, after=shown_draft(draft))
        return row

    async def change(self, caller: Caller, agent_id: str, patch: Patch, *, if_match: str | None) -> AgentRow:
        """Raises NotFound; EditConflict when `if_match` names an older version (rule RE1); FieldError."""
        async with self._writer.change(caller) as unit:
            row = found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            _check_match(row, if_match)
            before = draft_of(row)
            after = _merged(row.draft, patch)
            if after.integrations != before.integrations:
                await check_attached(unit, after.integrations)
            if after != before:
                was_shown = active_record(row)
                row.draft, row.version, row.updated_at = after.model_dump(mode="json"), row.version + 1, now()
                if active_record(row) != was_shown:
                    await unit.publish(ACTIVE, agent_key(row.tenant_id, row.agent_id), active_record(row))
                unit.audit("agent.changed", "agent", agent_id, before=shown_draft(before), after=shown_draft(after))
        return row

    async def delete(self, caller: Caller, agent_id: str, *, if_match: str | None) -> None:
        """The agent, its deployments and connections go; its numbers stay without a target."""
        async with self._writer.change(caller) as unit:
            row = found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            _check_match(row, if_match)
            await withdraw(unit, row)
            await unit.session.delete(row)
            unit.audit("agent.deleted", "agent", agent_id, before=shown_draft(draft_of(row)))


async def withdraw(unit: UnitOfWork, row: AgentRow) -> list[tuple[str, str]]:
    """Take everything of an agent out of the data plane and detach its numbers; returns what was detached as (kind, id)."""
    agents = AgentRepository(unit.session, row.tenant_id)
    key = agent_key(row.tenant_id, row.agent_id)
    detached: list[tuple[str, str]] = [("integration", integration_id) for integration_id in draft_of(row).integrations.values()]
    for number in await agents.numbers(row.agent_id):
        number.route_target = None
        await unit.publish(ROUTES, route_key(number.number), route_record(number))
        detached.append(("number", number.number))
    await unit.publish(ACTIVE, key, None)
    for deployment in await agents.deployments(row.agent_id):
        await unit.publish(DEPLOYMENTS, deployment_key(row.tenant_id, row.agent_id, deployment.deployment), None)
    if await agents.backend(row.agent_id) is not None:
        await unit.publish(BACKENDS, key, None)
        detached.append(("backend", row.agent_id))
    for token in await agents.embed_tokens(row.agent_id):
        await unit.publish(EMBED_TOKENS, token.token, None)
        detached.append(("embed_token", token.id))
    detached.extend(("test", test_id) for test_id in await agents.tests(row.agent_id))
    if (mailbox := await agents.mailbox(row.agent_id)) is not None:
        await unit.publish(MAILBOXES, key, None)
        detached.append(("mailbox", mailbox.integration_id))
    return detached


async def check_attached(unit: UnitOfWork, integrations: Mapping[IntegrationCategory, str]) -> None:
    """Raises FieldError for one that this tenant does not have, or of another kind."""
    rows = TenantRows(unit.session, unit.tenant_id)
    for category, integration_id in integrations.items():
        row = await rows.first(IntegrationRow, IntegrationRow.id == integration_id)
        if row is None or row.category != category:
            raise FieldError(f"integrations.{category}", f"there is no {category} integration '{integration_id}'")


def found(row: AgentRow | None) -> AgentRow:
    """Raises NotFound."""
    if row is None:
        raise NotFound("no such agent")
    return row


def _merged(draft: dict[str, object], patch: Patch) -> AgentDraft:
    try:
        return merged(draft, patch)
    except NotClearable as err:
        raise FieldError(err.field, "cannot be null") from err


def _check_match(row: AgentRow, if_match: str | None) -> None:
    if if_match is not None and if_match.strip() != "*" and etag_of(row) not in [item.strip().removeprefix("W/") for item in if_match.split(",")]:
        raise EditConflict("the agent was changed by somebody else since you read it; read it again", details={"current_etag": etag_of(row)})
