"""/v1/conversations."""

from typing import Annotated

from fastapi import Depends, Query

from control_api.access.dependencies import Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.conversations.schemas import ConversationDetail, ConversationList, ConversationView
from control_api.features.conversations.service import ConversationService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("conversations")
Service = Annotated[ConversationService, Depends(provided(ConversationService))]


@router.get("/v1/conversations")
async def list_conversations(
    caller: Viewer, service: Service, paging: Paging, agent_id: Annotated[str | None, Query(max_length=63)] = None
) -> ConversationList:
    """E-mail conversations, newest first."""
    page = await service.list_page(caller, paging, agent_id=agent_id)
    return ConversationList(conversations=[ConversationView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/v1/conversations/{session_id}")
async def get_conversation(caller: Viewer, service: Service, session_id: str) -> ConversationDetail:
    """One conversation with its mails."""
    return await service.get(caller, session_id)
