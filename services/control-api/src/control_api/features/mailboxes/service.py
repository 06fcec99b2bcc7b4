"""The mailbox of an agent; its password is sealed and write-only (rules I1, M1, AC5)."""

from dataclasses import dataclass
from typing import Any

from callstage_contracts.buckets import MAILBOXES, agent_key, integration_aad
from callstage_domain.errors import NotFound
from callstage_kit.crypto import SecretBox

from control_api.access.caller import Caller
from control_api.db.agent_tables import MailboxRow
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.service import found
from control_api.features.ids import new_row_id
from control_api.features.mailboxes.attached import servers_of
from control_api.features.mailboxes.repository import MailboxRepository
from control_api.features.mailboxes.schemas import MailboxPut, MailboxRules
from control_api.outbox.records import mailbox_record
from control_api.web.problems import FieldError

_LOGIN = ("address", "imap_host", "smtp_host", "username")
"""What a login of its own must name, and an attached account brings."""
_BOUND_TO_PASSWORD = ("imap_host", "smtp_host", "username")


@dataclass(frozen=True, slots=True)
class _Login:
    integration_id: str
    password_sealed: str
    servers: dict[str, Any]


class MailboxService:
    """Store, show, remove."""

    def __init__(self, writer: Writer, box: SecretBox) -> None:
        self._writer = writer
        self._box = box

    async def get(self, caller: Caller, agent_id: str) -> tuple[MailboxRow, bool]:
        """The mailbox, and whether its login is a connected account. Raises NotFound."""
        async with self._writer.database.session() as session:
            mailboxes = MailboxRepository(session, caller.tenant_id)
            row = _present(await mailboxes.get(agent_id))
            return row, await mailboxes.integration(row.integration_id) is not None

    async def put(self, caller: Caller, agent_id: str, body: MailboxPut) -> tuple[MailboxRow, bool]:
        """Store or replace; polled from now on when the agent is deployed. Raises FieldError when there is no login to use."""
        async with self._writer.change(caller) as unit:
            found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            row = await MailboxRepository(unit.session, unit.tenant_id).get(agent_id)
            before = row.settings if row else None
            login = await (_attached(unit, body.integration_id, body) if body.integration_id is not None else self._own(unit, body, row))
            rules = body.model_dump(mode="json", include=set(MailboxRules.model_fields))
            settings = {**login.servers, **rules, "signature_html": body.signature_html or None}
            if row is None:
                row = MailboxRow(tenant_id=unit.tenant_id, agent_id=agent_id)
                unit.session.add(row)
            row.integration_id, row.password_sealed = login.integration_id, login.password_sealed
            row.settings, row.updated_at, row.last_error, row.last_error_at = settings, now(), None, None
            await unit.publish(MAILBOXES, agent_key(unit.tenant_id, agent_id), mailbox_record(row))
            unit.audit("mailbox.stored", "mailbox", agent_id, before=before, after=settings)
        return row, body.integration_id is not None

    async def remove(self, caller: Caller, agent_id: str) -> None:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = _present(await MailboxRepository(unit.session, unit.tenant_id).get(agent_id))
            await unit.session.delete(row)
            await unit.publish(MAILBOXES, agent_key(unit.tenant_id, agent_id), None)
            unit.audit("mailbox.removed", "mailbox", agent_id, before=row.settings)

    async def _own(self, unit: UnitOfWork, body: MailboxPut, row: MailboxRow | None) -> _Login:
        for name in _LOGIN:
            if getattr(body, name) is None:
                raise FieldError(name, "is needed, unless `integration_id` names a connected mailbox")
        rules = {*MailboxRules.model_fields, "integration_id", "password"}
        servers = body.model_dump(mode="json", exclude=rules)
        if row is not None and await MailboxRepository(unit.session, unit.tenant_id).integration(row.integration_id) is not None:
            row = None  # The password of an account is not lent to a login of the mailbox's own.
        if body.password is not None:
            integration_id = row.integration_id if row else new_row_id()
            return _Login(integration_id, self._box.seal(body.password, integration_aad(unit.tenant_id, integration_id)), servers)
        if row is None or any(row.settings[name] != servers[name] for name in _BOUND_TO_PASSWORD):
            raise FieldError("password", "a password is needed")
        return _Login(row.integration_id, row.password_sealed, servers)


async def _attached(unit: UnitOfWork, integration_id: str, body: MailboxPut) -> _Login:
    for name in (*_LOGIN, "password"):
        if getattr(body, name) is not None:
            raise FieldError(name, "comes from the integration; leave it out")
    account = await MailboxRepository(unit.session, unit.tenant_id).integration(integration_id, lock=True)
    if account is None:
        raise FieldError("integration_id", "no such integration in this workspace")
    return _Login(account.id, account.secret_sealed, servers_of(account))


def _present(row: MailboxRow | None) -> MailboxRow:
    if row is None:
        raise NotFound("this agent has no mailbox")
    return row
