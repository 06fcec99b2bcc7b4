"""Store, show, try, remove; secrets are sealed and write-only (rules I1, I4, AC5)."""

from typing import Any

from callstage_contracts.buckets import INTEGRATIONS, IntegrationProvider, IntegrationRecord, integration_aad, integration_key
from callstage_domain.errors import Conflict, NotFound
from callstage_kit.crypto import SecretBox
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.access.caller import Caller
from control_api.db.agent_tables import AgentRow, IntegrationRow, MailboxRow
from control_api.db.rows import TenantRows
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.backends.sandbox import SandboxClient
from control_api.features.ids import new_row_id
from control_api.features.integrations.schemas import OAUTH_PROVIDERS, SETTINGS, IntegrationPut
from control_api.features.mailboxes.attached import renew_mailboxes
from control_api.outbox.records import integration_record
from control_api.web.problems import FieldError, field_errors

_BOUND_TO_SECRET = ("smtp_host", "imap_host", "username", "account_sid")
_MOST = 200


class IntegrationService:
    """Accounts that need a consent are made by `OAuthService`."""

    def __init__(self, writer: Writer, box: SecretBox, sandbox: SandboxClient) -> None:
        self._writer = writer
        self._box = box
        self._sandbox = sandbox

    async def list_all(self, caller: Caller) -> list[tuple[IntegrationRow, list[AgentRow]]]:
        """By name, each with the agents that use it."""
        async with self._writer.database.session() as session:
            tenant = TenantRows(session, caller.tenant_id)
            rows, users = await tenant.all(IntegrationRow), await _users(tenant)
        return [(row, users.get(row.id, [])) for row in sorted(rows, key=lambda row: (row.category, row.name, row.id))]

    async def get(self, caller: Caller, integration_id: str) -> IntegrationRow:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            return await _row(session, caller.tenant_id, integration_id)

    async def create(self, caller: Caller, body: IntegrationPut) -> IntegrationRow:
        """Raises FieldError for settings that are not the provider's, and for providers that want a consent."""
        if body.provider in OAUTH_PROVIDERS:
            raise FieldError("provider", "this account is connected by consent: POST /v1/integrations/oauth")
        if body.secret is None:
            raise FieldError("secret", "a password or auth token is needed")
        return await self.add(caller, body.provider, body.name, checked(body.provider, body.settings), body.secret)

    async def add(self, caller: Caller, provider: IntegrationProvider, name: str, settings: dict[str, Any], secret: str) -> IntegrationRow:
        """A new one. Raises Conflict when there are too many."""
        async with self._writer.change(caller) as unit:
            if len(await TenantRows(unit.session, unit.tenant_id).all(IntegrationRow)) >= _MOST:
                raise Conflict(f"there are {_MOST} integrations already; remove one that is not used")
            row = IntegrationRow(tenant_id=unit.tenant_id, id=new_row_id(), category=SETTINGS[provider][0], provider=provider, account="")
            row.name, row.settings = name, settings
            row.secret_sealed = self._box.seal(secret, integration_aad(unit.tenant_id, row.id))
            unit.session.add(row)
            await _publish(unit, row)
            unit.audit("integration.connected", "integration", row.id, after={"provider": provider, "name": name, **settings})
        return row

    async def change(self, caller: Caller, integration_id: str, body: IntegrationPut) -> IntegrationRow:
        """Works at once for every agent that has it. Raises NotFound, FieldError."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, integration_id, lock=True)
            if body.provider != row.provider:
                raise FieldError("provider", "cannot be changed; connect another account")
            settings, before = checked(body.provider, body.settings), {"name": row.name, **row.settings}
            is_other = any((row.settings.get(name) or "") != (settings.get(name) or "") for name in _BOUND_TO_SECRET)
            if body.secret is not None and row.provider not in OAUTH_PROVIDERS:
                row.secret_sealed = self._box.seal(body.secret, integration_aad(unit.tenant_id, row.id))
            elif is_other:
                raise FieldError("secret", "a stored secret is not sent to another account or server; enter it again")
            row.name, row.settings, row.updated_at = body.name, settings, now()
            await _publish(unit, row)
            await renew_mailboxes(unit, row)
            unit.audit("integration.changed", "integration", row.id, before=before, after={"name": row.name, **settings})
        return row

    async def remove(self, caller: Caller, integration_id: str) -> None:
        """Raises NotFound; Conflict while an agent has it."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, integration_id, lock=True)
            users = (await _users(TenantRows(unit.session, unit.tenant_id))).get(integration_id)
            if users:
                raise Conflict(f"the agents {', '.join(user.agent_id for user in users)} use it; detach it there first", code="in_use")
            await unit.session.delete(row)
            await unit.publish(INTEGRATIONS, integration_key(unit.tenant_id, integration_id), None)
            unit.audit("integration.removed", "integration", integration_id, before={"provider": row.provider, "name": row.name})

    async def test(self, caller: Caller, integration_id: str) -> tuple[bool, str, str]:
        """(ok, message, account) of a stored one; who answered is remembered."""
        row = await self.get(caller, integration_id)
        ok, message, account = await self._sandbox.test_integration(integration_record(row))
        if ok and account != row.account:
            async with self._writer.change(caller) as unit:
                (await _row(unit.session, unit.tenant_id, integration_id)).account = account
        return ok, message, account

    async def test_new(self, caller: Caller, body: IntegrationPut) -> tuple[bool, str, str]:
        """Before it is stored (rule I4)."""
        if body.provider in OAUTH_PROVIDERS or body.secret is None:
            raise FieldError("secret", "a password or auth token is needed")
        record = IntegrationRecord.model_validate(
            {
                "tenant_id": caller.tenant_id,
                "integration_id": "new",
                "category": SETTINGS[body.provider][0],
                "provider": body.provider,
                "name": body.name,
                "settings": checked(body.provider, body.settings),
                "secret_sealed": self._box.seal(body.secret, integration_aad(caller.tenant_id, "new")),
            }
        )
        return await self._sandbox.test_integration(record)


def checked(provider: IntegrationProvider, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with their defaults. Raises FieldError naming the one that is wrong."""
    try:
        return SETTINGS[provider][1].model_validate(settings).model_dump(mode="json")
    except ValidationError as err:
        first = field_errors(err.errors())[0]
        raise FieldError(f"settings.{first['field']}", first["message"]) from err


async def _row(session: AsyncSession, tenant_id: str, integration_id: str, *, lock: bool = False) -> IntegrationRow:
    row = await TenantRows(session, tenant_id).first(IntegrationRow, IntegrationRow.id == integration_id, lock=lock)
    if row is None:
        raise NotFound("no such integration")
    return row


async def _users(tenant: TenantRows) -> dict[str, list[AgentRow]]:
    """Agents by the account that their tools use or that they read, in the order of their ids."""
    read = {mailbox.agent_id: (mailbox.integration_id,) for mailbox in await tenant.all(MailboxRow)}
    users: dict[str, list[AgentRow]] = {}
    for agent in sorted(await tenant.all(AgentRow), key=lambda agent: agent.agent_id):
        used: set[str] = {*(agent.draft.get("integrations") or {}).values(), *read.get(agent.agent_id, ())}
        for integration_id in used:
            users.setdefault(integration_id, []).append(agent)
    return users


async def _publish(unit: UnitOfWork, row: IntegrationRow) -> None:
    await unit.publish(INTEGRATIONS, integration_key(unit.tenant_id, row.id), integration_record(row))
