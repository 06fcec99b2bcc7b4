"""/v1/api-keys, for owners."""

from typing import Annotated

from fastapi import Depends

from control_api.access.dependencies import Owner
from control_api.access.idempotent_route import api_router
from control_api.features.api_keys.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyList, ApiKeyReply
from control_api.features.api_keys.service import ApiKeyService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("api keys")
Service = Annotated[ApiKeyService, Depends(provided(ApiKeyService))]


@router.get("/v1/api-keys")
async def list_api_keys(caller: Owner, service: Service, paging: Paging) -> ApiKeyList:
    """Keys without their secrets."""
    page = await service.list_page(caller, paging)
    return ApiKeyList(api_keys=[ApiKeyReply.model_validate(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/v1/api-keys", status_code=201)
async def create_api_key(caller: Owner, service: Service, body: ApiKeyCreate) -> ApiKeyCreated:
    """Make a key; the secret is shown here and never again."""
    row, secret = await service.create(caller, body)
    return ApiKeyCreated(**ApiKeyReply.model_validate(row).model_dump(), api_key=secret)


@router.delete("/v1/api-keys/{key_id}", status_code=204)
async def revoke_api_key(caller: Owner, service: Service, key_id: str) -> None:
    """Revoke a key: it stops working everywhere at once."""
    await service.revoke(caller, key_id)
