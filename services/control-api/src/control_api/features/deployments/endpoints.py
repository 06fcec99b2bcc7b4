"""/v1/agents/{agent_id}: findings, deploy, deployments, test-session."""

from typing import Annotated

from fastapi import Depends, Path

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.agents.service import AgentService
from control_api.features.deployments.schemas import (
    DeployAsk,
    Deployed,
    DeploymentDetail,
    DeploymentDiff,
    DeploymentList,
    DraftDiff,
    FindingList,
    FindingReply,
    TestSession,
    TestSessionAsk,
    ToolEffectsReply,
)
from control_api.features.deployments.service import DeploymentService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("deployments")
Service = Annotated[DeploymentService, Depends(provided(DeploymentService))]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]


@router.get("/v1/agents/{agent_id}/findings")
async def list_findings(caller: Viewer, service: Annotated[AgentService, Depends(provided(AgentService))], agent_id: str) -> FindingList:
    """What would block a deploy of the draft, and what to look at."""
    findings, effects = await service.review(caller, agent_id)
    return FindingList(findings=FindingReply.all_of(findings), effects=ToolEffectsReply.all_of(effects))


@router.post("/v1/agents/{agent_id}/deploy")
async def deploy(caller: Editor, service: Service, agent_id: str, body: DeployAsk | None = None) -> Deployed:
    """Make the draft live."""
    return await service.deploy(caller, agent_id, body or DeployAsk())


@router.get("/v1/agents/{agent_id}/diff")
async def compare_draft(caller: Viewer, service: Service, agent_id: str) -> DraftDiff:
    """What a deploy of the draft would change."""
    return await service.draft_difference(caller, agent_id)


@router.get("/v1/agents/{agent_id}/deployments")
async def list_deployments(caller: Viewer, service: Service, agent_id: str, paging: Paging) -> DeploymentList:
    """The history, newest first."""
    page = await service.list_page(caller, agent_id, paging)
    return DeploymentList(deployments=list(page.items), next_cursor=page.next_cursor)


@router.get("/v1/agents/{agent_id}/deployments/{deployment}")
async def get_deployment(caller: Viewer, service: Service, agent_id: str, deployment: Number) -> DeploymentDetail:
    """One snapshot."""
    return await service.get(caller, agent_id, deployment)


@router.post("/v1/agents/{agent_id}/deployments/{deployment}/activate")
async def activate_deployment(caller: Editor, service: Service, agent_id: str, deployment: Number) -> Deployed:
    """Go back (or forward) to a snapshot."""
    return await service.activate(caller, agent_id, deployment)


@router.get("/v1/agents/{agent_id}/deployments/{before}/diff/{after}")
async def compare_deployments(caller: Viewer, service: Service, agent_id: str, before: Number, after: Number) -> DeploymentDiff:
    """What changed from one snapshot to another."""
    return await service.compare(caller, agent_id, before, after)


@router.post("/v1/agents/{agent_id}/test-session")
async def start_test_session(caller: Editor, service: Service, agent_id: str, body: TestSessionAsk | None = None) -> TestSession:
    """A token for a conversation with the draft; with `resume`, one that goes on from an earlier turn."""
    return await service.test_session(caller, agent_id, body or TestSessionAsk())
