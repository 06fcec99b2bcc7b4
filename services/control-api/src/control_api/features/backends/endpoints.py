"""/v1/agents/{agent_id}/backend."""

from typing import Annotated

from fastapi import Depends

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.backends.schemas import BackendPut, BackendReply, BackendTested
from control_api.features.backends.service import BackendService
from control_api.web.provide import provided

router = api_router("backends")
Service = Annotated[BackendService, Depends(provided(BackendService))]


@router.get("/v1/agents/{agent_id}/backend")
async def get_backend(caller: Viewer, service: Service, agent_id: str) -> BackendReply:
    """The connection, without its secret."""
    return BackendReply.model_validate(await service.get(caller, agent_id))


@router.put("/v1/agents/{agent_id}/backend")
async def put_backend(caller: Editor, service: Service, agent_id: str, body: BackendPut) -> BackendReply:
    """Store the connection."""
    return BackendReply.model_validate(await service.put(caller, agent_id, body))


@router.delete("/v1/agents/{agent_id}/backend", status_code=204)
async def remove_backend(caller: Editor, service: Service, agent_id: str) -> None:
    """Forget the connection."""
    await service.remove(caller, agent_id)


@router.post("/v1/agents/{agent_id}/backend/test")
async def try_backend(caller: Editor, service: Service, agent_id: str, body: BackendPut | None = None) -> BackendTested:
    """Log in to the backend and say what it answered."""
    ok, message, version = await service.test(caller, agent_id, body)
    return BackendTested(ok=ok, message=message, version=version)
