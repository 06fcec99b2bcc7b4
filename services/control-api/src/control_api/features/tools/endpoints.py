"""/v1/agents/{agent_id}/tools: check, try, templates; and the models of the agent's backend."""

from typing import Annotated

from fastapi import Depends

from control_api.access.dependencies import Editor
from control_api.access.idempotent_route import api_router
from control_api.features.tools.schemas import CodeCheck, CodeChecked, ModelReply, TemplateAsk, TemplateReply, ToolTried, ToolTry
from control_api.features.tools.service import ToolService
from control_api.web.provide import provided

router = api_router("tools")
Service = Annotated[ToolService, Depends(provided(ToolService))]


@router.post("/v1/tools/check")
async def check_code(caller: Editor, service: Service, body: CodeCheck) -> CodeChecked:
    """Check code that is being written, and say what it can do; nothing runs."""
    return await service.check(body.code)


@router.post("/v1/agents/{agent_id}/tools/{tool}/try")
async def try_tool(caller: Editor, service: Service, agent_id: str, tool: str, body: ToolTry) -> ToolTried:
    """Run a tool of the draft. Its writes are real unless `dry_run` is set."""
    return await service.run(caller, agent_id, tool, body)


@router.post("/v1/agents/{agent_id}/tools/template")
async def make_tool_template(caller: Editor, service: Service, agent_id: str, body: TemplateAsk) -> TemplateReply:
    """Ready-made code for a resource of the draft, without any AI."""
    return await service.template(caller, agent_id, body)


@router.get("/v1/agents/{agent_id}/backend/models/{model}")
async def describe_model(caller: Editor, service: Service, agent_id: str, model: str) -> ModelReply:
    """The fields of a model, read from the live backend."""
    return await service.model(caller, agent_id, model)
