"""/v1/agents/{agent_id}/mailbox."""

from typing import Annotated

from fastapi import Depends

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.db.agent_tables import MailboxRow
from control_api.features.mailboxes.schemas import MailboxOf, MailboxPut, MailboxReply
from control_api.features.mailboxes.service import MailboxService
from control_api.web.provide import provided

router = api_router("mailboxes")
Service = Annotated[MailboxService, Depends(provided(MailboxService))]


@router.get("/v1/agents/{agent_id}/mailbox")
async def get_mailbox(caller: Viewer, service: Service, agent_id: str) -> MailboxOf:
    """The mailbox, without its password, with the last error of reading it."""
    return _reply(*await service.get(caller, agent_id))


@router.put("/v1/agents/{agent_id}/mailbox")
async def put_mailbox(caller: Editor, service: Service, agent_id: str, body: MailboxPut) -> MailboxOf:
    """Store the mailbox; it holds at once, without a deploy."""
    return _reply(*await service.put(caller, agent_id, body))


@router.delete("/v1/agents/{agent_id}/mailbox", status_code=204)
async def remove_mailbox(caller: Editor, service: Service, agent_id: str) -> None:
    """Forget the mailbox."""
    await service.remove(caller, agent_id)


def _reply(row: MailboxRow, is_attached: bool) -> MailboxOf:
    facts = {name: getattr(row, name) for name in ("agent_id", "integration_id", "last_error", "last_error_at", "updated_at")}
    return MailboxOf(mailbox=MailboxReply.model_validate({**row.settings, **facts, "is_attached": is_attached}))
