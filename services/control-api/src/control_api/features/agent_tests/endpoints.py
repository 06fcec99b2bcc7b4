"""/v1/agents/{agent_id}/tests."""

from typing import Annotated

from fastapi import Depends

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.agent_tests.schemas import (
    AgentTestCreate,
    AgentTestDetail,
    AgentTestList,
    AgentTestPatch,
    AgentTestRun,
    AgentTestsRan,
    AgentTestView,
)
from control_api.features.agent_tests.service import AgentTestService
from control_api.web.provide import provided

router = api_router("agent tests")
Service = Annotated[AgentTestService, Depends(provided(AgentTestService))]


@router.get("/v1/agents/{agent_id}/tests")
async def list_agent_tests(caller: Viewer, service: Service, agent_id: str) -> AgentTestList:
    """Tests of the agent, oldest first."""
    return AgentTestList(tests=await service.list_all(caller, agent_id))


@router.post("/v1/agents/{agent_id}/tests", status_code=201)
async def create_agent_test(caller: Editor, service: Service, agent_id: str, body: AgentTestCreate) -> AgentTestView:
    """Keep a recorded conversation, or one written by hand, as a test."""
    return await service.create(caller, agent_id, body)


@router.post("/v1/agents/{agent_id}/tests/run")
async def run_agent_tests(caller: Editor, service: Service, agent_id: str, body: AgentTestRun | None = None) -> AgentTestsRan:
    """Replay tests against the draft with their recorded tool results; no model is asked, no tool runs."""
    return await service.run(caller, agent_id, body.test_ids if body else None)


@router.get("/v1/agents/{agent_id}/tests/{test_id}")
async def get_agent_test(caller: Viewer, service: Service, agent_id: str, test_id: str) -> AgentTestDetail:
    """One test with its conversation and its last result."""
    return await service.get(caller, agent_id, test_id)


@router.patch("/v1/agents/{agent_id}/tests/{test_id}")
async def change_agent_test(caller: Editor, service: Service, agent_id: str, test_id: str, body: AgentTestPatch) -> AgentTestDetail:
    """Another name, or other steps for a test that was written by hand."""
    return await service.change(caller, agent_id, test_id, body)


@router.delete("/v1/agents/{agent_id}/tests/{test_id}", status_code=204)
async def delete_agent_test(caller: Editor, service: Service, agent_id: str, test_id: str) -> None:
    """Forget a test."""
    await service.delete(caller, agent_id, test_id)
