"""A mailbox whose login is a connected account of the tenant (rules I1, M1).

It holds copies of the account's servers and sealed password, so that its record in the bucket is complete; they follow every change of the account.
"""

from typing import Any

from callstage_contracts.account_settings import SmtpSettings
from callstage_contracts.buckets import MAILBOXES, agent_key

from control_api.db.agent_tables import IntegrationRow
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork
from control_api.features.mailboxes.repository import MailboxRepository
from control_api.outbox.records import mailbox_record
from control_api.web.problems import FieldError


def servers_of(account: IntegrationRow) -> dict[str, Any]:
    """Address, servers and user, as a mailbox stores them. Raises FieldError for an account that cannot be read."""
    if account.provider != "smtp":
        raise FieldError("integration_id", f"'{account.name}' can only send; an agent reads mailboxes that are connected with an IMAP server")
    settings = SmtpSettings.model_validate(account.settings)
    if not settings.imap_host:
        raise FieldError("integration_id", f"'{account.name}' has no IMAP server to read from; add it to the integration")
    return {"address": settings.sender, **settings.model_dump(mode="json", exclude={"sender", "sender_name"})}


async def renew_mailboxes(unit: UnitOfWork, account: IntegrationRow) -> None:
    """After the account was changed. Raises FieldError when agents read it and it could not be read any more."""
    for row in await MailboxRepository(unit.session, unit.tenant_id).of_integration(account.id):
        try:
            servers = servers_of(account)
        except FieldError as err:
            raise FieldError("settings.imap_host", f"the agent {row.agent_id} reads this mailbox; detach it there first") from err
        row.settings, row.password_sealed, row.updated_at = {**row.settings, **servers}, account.secret_sealed, now()
        row.last_error = row.last_error_at = None
        await unit.publish(MAILBOXES, agent_key(unit.tenant_id, row.agent_id), mailbox_record(row))
