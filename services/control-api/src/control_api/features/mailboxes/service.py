"""The mailbox of an agent; its password is sealed and write-only (rules I1, AC5)."""

from callstage_contracts.buckets import MAILBOXES, agent_key, integration_aad
from callstage_domain.errors import NotFound
from callstage_kit.crypto import SecretBox

from control_api.access.caller import Caller
from control_api.db.agent_tables import MailboxRow
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.service import found
from control_api.features.ids import new_row_id
from control_api.features.mailboxes.repository import MailboxRepository
from control_api.features.mailboxes.schemas import MailboxPut
from control_api.outbox.records import mailbox_record
from control_api.web.problems import FieldError

_BOUND_TO_PASSWORD = ("imap_host", "smtp_host", "username")


class MailboxService:
    """Store, show, remove."""

    def __init__(self, writer: Writer, box: SecretBox) -> None:
        self._writer = writer
        self._box = box

    async def get(self, caller: Caller, agent_id: str) -> MailboxRow:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            return _present(await MailboxRepository(session, caller.tenant_id).get(agent_id))

    async def put(self, caller: Caller, agent_id: str, body: MailboxPut) -> MailboxRow:
        """Store or replace; polled from now on when the agent is deployed. Raises FieldError when there is no password to use."""
        settings = body.model_dump(mode="json", exclude={"password"})
        async with self._writer.change(caller) as unit:
            found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            row = await MailboxRepository(unit.session, unit.tenant_id).get(agent_id)
            before = row.settings if row else None
            if body.password is None and (row is None or any(row.settings[name] != settings[name] for name in _BOUND_TO_PASSWORD)):
                raise FieldError("password", "a password is needed")
            if row is None:
                row = MailboxRow(tenant_id=unit.tenant_id, agent_id=agent_id, integration_id=new_row_id())
                unit.session.add(row)
            if body.password is not None:
                row.password_sealed = self._box.seal(body.password, integration_aad(unit.tenant_id, row.integration_id))
            row.settings, row.updated_at, row.last_error, row.last_error_at = settings, now(), None, None
            await unit.publish(MAILBOXES, agent_key(unit.tenant_id, agent_id), mailbox_record(row))
            unit.audit("mailbox.stored", "mailbox", agent_id, before=before, after=settings)
        return row

    async def remove(self, caller: Caller, agent_id: str) -> None:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = _present(await MailboxRepository(unit.session, unit.tenant_id).get(agent_id))
            await unit.session.delete(row)
            await unit.publish(MAILBOXES, agent_key(unit.tenant_id, agent_id), None)
            unit.audit("mailbox.removed", "mailbox", agent_id, before=row.settings)


def _present(row: MailboxRow | None) -> MailboxRow:
    if row is None:
        raise NotFound("this agent has no mailbox")
    return row
