"""/v1/providers."""

from typing import Annotated

from fastapi import Depends, Query

from control_api.access.dependencies import Owner, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.providers.schemas import ProviderList, ProviderName, ProviderPut, ProviderReply, ProvidersHealth
from control_api.features.providers.service import ProviderService
from control_api.web.provide import provided

router = api_router("providers")
Service = Annotated[ProviderService, Depends(provided(ProviderService))]


@router.get("/v1/providers")
async def list_providers(caller: Viewer, service: Service) -> ProviderList:
    """Providers with a key of the tenant."""
    return ProviderList(providers=[ProviderReply.model_validate(row) for row in await service.list_all(caller)])


@router.get("/v1/providers/health")
async def providers_health(
    caller: Viewer,
    service: Service,
    agent_id: Annotated[str | None, Query(max_length=63, description="Only what calls of this agent may use.")] = None,
) -> ProvidersHealth:
    """Whether each provider in use answers, what it can do, and how it fared of late."""
    return ProvidersHealth(providers=await service.health(caller, agent_id))


@router.get("/v1/providers/{name}")
async def get_provider(caller: Viewer, service: Service, name: ProviderName) -> ProviderReply:
    """One provider, without its key."""
    return ProviderReply.model_validate(await service.get(caller, name))


@router.put("/v1/providers/{name}")
async def put_provider(caller: Owner, service: Service, name: ProviderName, body: ProviderPut) -> ProviderReply:
    """Store the tenant's own key."""
    return ProviderReply.model_validate(await service.put(caller, name, body))


@router.delete("/v1/providers/{name}", status_code=204)
async def remove_provider(caller: Owner, service: Service, name: ProviderName) -> None:
    """Back to the platform's own key, if it has one."""
    await service.remove(caller, name)
