"""Reading e-mail conversations; they are written by `consumers`."""

from callstage_domain.errors import NotFound

from control_api.access.caller import Caller
from control_api.db.call_tables import ConversationRow
from control_api.db.database import Database
from control_api.db.rows import Page, PageRequest
from control_api.features.calls.schemas import ToolRunView
from control_api.features.conversations.repository import ConversationRepository
from control_api.features.conversations.schemas import ConversationDetail, ConversationView, MailTurn


class ConversationService:
    """Lists and details."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_page(self, caller: Caller, request: PageRequest, *, agent_id: str | None) -> Page[ConversationRow]:
        """A page of conversations."""
        async with self._database.session() as session:
            return await ConversationRepository(session, caller.tenant_id).list_page(request, agent_id=agent_id)

    async def get(self, caller: Caller, session_id: str) -> ConversationDetail:
        """Raises NotFound."""
        async with self._database.session() as session:
            conversations = ConversationRepository(session, caller.tenant_id)
            row = await conversations.get(session_id)
            if row is None:
                raise NotFound("no such conversation")
            turns, runs = await conversations.turns(session_id), await conversations.tool_runs(session_id)
        return ConversationDetail(
            **ConversationView.model_validate(row).model_dump(),
            transcript=[MailTurn.model_validate(turn) for turn in turns],
            tool_runs=[ToolRunView.of(run) for run in runs],
        )
