"""/v1/agents, and the same list under /api/dashboard."""

from typing import Annotated

from fastapi import Depends, Header, Query
from starlette.responses import Response

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.compile.draft import AgentPatch
from control_api.db.agent_tables import AgentRow
from control_api.db.rows import PageRequest
from control_api.features.agents.move import AgentMoveService
from control_api.features.agents.schemas import AgentCreate, AgentList, AgentMove, AgentMoved, AgentQuery, AgentReply, LastChange
from control_api.features.agents.service import AgentService
from control_api.features.agents.view import etag_of, view_of
from control_api.web.provide import provided

router = api_router("agents")
Service = Annotated[AgentService, Depends(provided(AgentService))]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag read before; a newer version is answered with 412.")]


@router.get("/api/dashboard/agents", operation_id="dashboard_list_agents")
@router.get("/v1/agents")
async def list_agents(caller: Viewer, service: Service, query: Annotated[AgentQuery, Query()]) -> AgentList:
    """Agents of the tenant, oldest first unless asked otherwise."""
    page = await service.list_page(caller, PageRequest(query.limit, query.cursor), query)
    return AgentList(agents=[view_of(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/v1/agents", status_code=201)
async def create_agent(caller: Editor, service: Service, body: AgentCreate, response: Response) -> AgentReply:
    """Create an agent, from a template if wanted."""
    return _reply(await service.create(caller, body), response)


@router.get("/api/dashboard/agents/{agent_id}", operation_id="dashboard_get_agent")
@router.get("/v1/agents/{agent_id}")
async def get_agent(caller: Viewer, service: Service, agent_id: str, response: Response) -> AgentReply:
    """One agent: the draft."""
    return _reply(await service.get(caller, agent_id), response)


@router.patch("/v1/agents/{agent_id}")
async def change_agent(caller: Editor, service: Service, agent_id: str, body: AgentPatch, response: Response, if_match: IfMatch = None) -> AgentReply:
    """Change what is sent; null clears."""
    return _reply(await service.change(caller, agent_id, body, if_match=if_match), response)


@router.get("/v1/agents/{agent_id}/last-change")
async def get_last_change(caller: Viewer, service: Service, agent_id: str) -> LastChange:
    """Who changed the draft last, and when."""
    return await service.last_change(caller, agent_id)


@router.delete("/v1/agents/{agent_id}", status_code=204)
async def delete_agent(caller: Editor, service: Service, agent_id: str, if_match: IfMatch = None) -> None:
    """Delete the agent with its deployments and connections."""
    await service.delete(caller, agent_id, if_match=if_match)


@router.post("/v1/agents/{agent_id}/move")
async def move_agent(
    caller: Editor, service: Annotated[AgentMoveService, Depends(provided(AgentMoveService))], agent_id: str, body: AgentMove
) -> AgentMoved:
    """Move the agent to another tenant; needs a platform-admin key."""
    return await service.move(caller, agent_id, body)


def _reply(row: AgentRow, response: Response) -> AgentReply:
    response.headers["ETag"] = etag_of(row)
    return AgentReply(agent=view_of(row))
