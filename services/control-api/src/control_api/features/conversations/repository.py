"""Rows of e-mail conversations."""

from collections.abc import Sequence

from callstage_domain.ids import mail_call_id

from control_api.db.call_tables import ConversationRow, MailTurnRow, ToolRunRow
from control_api.db.rows import Page, PageRequest, TenantRows


class ConversationRepository(TenantRows):
    """Conversations of one tenant."""

    async def list_page(self, request: PageRequest, *, agent_id: str | None) -> Page[ConversationRow]:
        """Newest first."""
        wanted = [ConversationRow.agent_id == agent_id] if agent_id else []
        return await self.page(ConversationRow, request, *wanted, order=(ConversationRow.started_at, ConversationRow.session_id))

    async def get(self, session_id: str) -> ConversationRow | None:
        """By session id."""
        return await self.first(ConversationRow, ConversationRow.session_id == session_id)

    async def turns(self, session_id: str) -> Sequence[MailTurnRow]:
        """In order."""
        statement = self.of(MailTurnRow, MailTurnRow.session_id == session_id).order_by(MailTurnRow.turn, MailTurnRow.occurred_at)
        return (await self.session.scalars(statement)).all()

    async def tool_runs(self, session_id: str) -> Sequence[ToolRunRow]:
        """In order."""
        statement = self.of(ToolRunRow, ToolRunRow.call_id == mail_call_id(session_id)).order_by(ToolRunRow.occurred_at)
        return (await self.session.scalars(statement)).all()
