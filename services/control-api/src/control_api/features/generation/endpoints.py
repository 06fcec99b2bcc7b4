"""Writing by a language model, as one reply or as a stream."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response, StreamingResponse

from control_api.access.dependencies import Editor
from control_api.access.idempotent_route import api_router
from control_api.features.agents.service import AgentService
from control_api.features.agents.view import draft_of
from control_api.features.generation.example_arguments import example_of
from control_api.features.generation.schemas import ArgumentsReply, StageGenerate, StageGenerated, ToolGenerate, ToolGenerated
from control_api.features.generation.service import GenerationService, failure
from control_api.features.tools.service import tool_of
from control_api.web import event_stream
from control_api.web.provide import provided

router: APIRouter = api_router("generation")
Service = Annotated[GenerationService, Depends(provided(GenerationService))]
Agents = Annotated[AgentService, Depends(provided(AgentService))]
Accept = Annotated[str, Header(description="`text/event-stream` streams what is written: events `delta`, `draft`, `done`, `error`.")]


@router.post("/v1/agents/{agent_id}/tools/generate", response_model=ToolGenerated, responses=event_stream.RESPONSES)
async def generate_tool(caller: Editor, service: Service, agent_id: str, body: ToolGenerate, accept: Accept = "") -> Response | ToolGenerated:
    """Write the code of a tool, check it, and have it corrected at most twice; nothing is stored."""
    events = await service.tool(caller, agent_id, body)
    if event_stream.MEDIA_TYPE in accept:
        return StreamingResponse(event_stream.told(events, failure), media_type=event_stream.MEDIA_TYPE)
    result = (await event_stream.last_of(events)).result
    assert isinstance(result, ToolGenerated)
    return result


@router.post("/v1/agents/{agent_id}/stages/generate", response_model=StageGenerated, responses=event_stream.RESPONSES)
async def generate_stage(caller: Editor, service: Service, agent_id: str, body: StageGenerate, accept: Accept = "") -> Response | StageGenerated:
    """Write the prompt of a stage from one sentence; nothing is stored."""
    events = await service.stage(caller, agent_id, body)
    if event_stream.MEDIA_TYPE in accept:
        return StreamingResponse(event_stream.told(events, failure), media_type=event_stream.MEDIA_TYPE)
    result = (await event_stream.last_of(events)).result
    assert isinstance(result, StageGenerated)
    return result


@router.post("/v1/agents/{agent_id}/tools/{tool}/arguments")
async def make_arguments(
    caller: Editor, agents: Annotated[AgentService, Depends(provided(AgentService))], agent_id: str, tool: str
) -> ArgumentsReply:
    """Realistic values to try a tool with, from its parameters."""
    definition = tool_of(draft_of(await agents.get(caller, agent_id)), tool)
    return ArgumentsReply(args=example_of(definition.parameters))
