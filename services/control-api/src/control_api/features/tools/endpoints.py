"""/v1/agents/{agent_id}/tools: check, try, templates; and the models of the agent's backend."""

from typing import Annotated

from callstage_domain.builtin_tools import BUILTIN_TOOLS, STANDARD_WEBHOOK_TOOLS
from fastapi import Depends, Query

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.db.rows import PageRequest
from control_api.features.tools.runs import ToolRunService
from control_api.features.tools.schemas import (
    CodeCheck,
    CodeChecked,
    ModelReply,
    StandardTool,
    StandardToolList,
    TemplateAsk,
    TemplateReply,
    ToolRunEntry,
    ToolRunList,
    ToolRunQuery,
    ToolTried,
    ToolTry,
)
from control_api.features.tools.service import ToolService
from control_api.web.provide import provided

router = api_router("tools")
Service = Annotated[ToolService, Depends(provided(ToolService))]
Runs = Annotated[ToolRunService, Depends(provided(ToolRunService))]


@router.post("/v1/tools/check")
async def check_code(caller: Editor, service: Service, body: CodeCheck) -> CodeChecked:
    """Check code that is being written, and say what it can do; nothing runs."""
    return await service.check(body.code)


@router.get("/v1/tools/standard")
async def list_standard_tools(caller: Viewer) -> StandardToolList:
    """Tools that stages may name without defining them, with their arguments."""
    tools = [*BUILTIN_TOOLS.values(), *STANDARD_WEBHOOK_TOOLS.values()]
    return StandardToolList(tools=[StandardTool.model_validate(tool) for tool in tools])


@router.get("/v1/tool-runs")
async def list_tool_runs(caller: Viewer, service: Runs, query: Annotated[ToolRunQuery, Query()]) -> ToolRunList:
    """What tools did in calls, newest first."""
    page = await service.list_page(caller, PageRequest(query.limit, query.cursor), query)
    return ToolRunList(tool_runs=[ToolRunEntry.model_validate(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/v1/calls/{call_id}/tool-runs/{run_key}/redeliver")
async def redeliver_webhook(caller: Editor, service: Runs, call_id: str, run_key: str) -> ToolTried:
    """Send a webhook of a call once more, with the same Idempotency-Key."""
    return await service.redeliver(caller, call_id, run_key)


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
