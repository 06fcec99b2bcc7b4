"""/v1/agents/stats. Included before /v1/agents/{agent_id}: `stats` is no agent's id there."""

from typing import Annotated

from fastapi import Depends

from control_api.access.dependencies import Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.agent_stats.schemas import AgentStatsList
from control_api.features.agent_stats.service import AgentStatsService
from control_api.web.provide import provided

router = api_router("agents")


@router.get("/v1/agents/stats")
async def list_agent_stats(caller: Viewer, service: Annotated[AgentStatsService, Depends(provided(AgentStatsService))]) -> AgentStatsList:
    """Every agent in numbers, in one request."""
    return AgentStatsList(stats=await service.of_all(caller))
