"""/v1/tenant, its carriers (/v1/carriers) and webhook keys (/v1/tenant/webhook-keys)."""

from typing import Annotated, Literal

from callstage_contracts.buckets import PlanLimits
from fastapi import Depends

from control_api.access.dependencies import Owner, Viewer
from control_api.access.idempotent_route import api_router
from control_api.db.access_tables import TenantRow
from control_api.features.tenants.schemas import (
    CarriersReply,
    TelnyxPut,
    TelnyxReply,
    TenantPatch,
    TenantReply,
    TwilioPut,
    TwilioReply,
    WebhookKeyCreate,
    WebhookKeyCreated,
    WebhookKeyList,
    WebhookKeyReply,
)
from control_api.features.tenants.service import TenantService
from control_api.web.provide import provided

router = api_router("tenant")
Service = Annotated[TenantService, Depends(provided(TenantService))]


@router.get("/v1/tenant")
async def get_tenant(caller: Viewer, service: Service) -> TenantReply:
    """The organisation of the caller."""
    return _tenant(await service.get(caller))


@router.patch("/v1/tenant")
async def change_tenant(caller: Owner, service: Service, body: TenantPatch) -> TenantReply:
    """Change name or country."""
    return _tenant(await service.change(caller, body))


@router.get("/v1/tenant/webhook-keys")
async def list_webhook_keys(caller: Owner, service: Service) -> WebhookKeyList:
    """Valid keys without their secrets; the first one signs."""
    return WebhookKeyList(webhook_keys=[WebhookKeyReply.model_validate(row) for row in await service.webhook_keys(caller)])


@router.post("/v1/tenant/webhook-keys", status_code=201)
async def rotate_webhook_key(caller: Owner, service: Service, body: WebhookKeyCreate | None = None) -> WebhookKeyCreated:
    """A new key that signs from now on; the secret is shown here and never again."""
    row, secret = await service.rotate_webhook_key(caller, (body or WebhookKeyCreate()).overlap_s)
    return WebhookKeyCreated(**WebhookKeyReply.model_validate(row).model_dump(), webhook_key=secret)


@router.delete("/v1/tenant/webhook-keys/{key_id}", status_code=204)
async def remove_webhook_key(caller: Owner, service: Service, key_id: str) -> None:
    """End a key at once."""
    await service.remove_webhook_key(caller, key_id)


@router.get("/v1/carriers")
async def get_carriers(caller: Viewer, service: Service) -> CarriersReply:
    """What is stored, without secrets."""
    return _carriers(await service.get(caller), service)


@router.put("/v1/carriers/twilio")
async def put_twilio(caller: Owner, service: Service, body: TwilioPut) -> CarriersReply:
    """Store the Twilio account; its webhooks are verified from now on."""
    return _carriers(await service.put_twilio(caller, body), service)


@router.put("/v1/carriers/telnyx")
async def put_telnyx(caller: Owner, service: Service, body: TelnyxPut) -> CarriersReply:
    """Store the Telnyx account."""
    return _carriers(await service.put_telnyx(caller, body), service)


@router.delete("/v1/carriers/{carrier}", status_code=204)
async def remove_carrier(caller: Owner, service: Service, carrier: Literal["twilio", "telnyx"]) -> None:
    """Forget a carrier's account."""
    await service.remove_carrier(caller, carrier)


def _tenant(row: TenantRow) -> TenantReply:
    return TenantReply(
        tenant_id=row.id,
        name=row.name,
        country=row.country,
        plan=PlanLimits.model_validate(row.plan),
        is_active=row.is_active,
        created_at=row.created_at,
    )


def _carriers(row: TenantRow, service: TenantService) -> CarriersReply:
    return CarriersReply(
        twilio=TwilioReply(account_sid=row.twilio_account_sid) if row.twilio_account_sid else None,
        telnyx=TelnyxReply(public_key=row.telnyx_public_key, has_api_key=row.telnyx_api_key_sealed is not None) if row.telnyx_public_key else None,
        webhooks=service.webhooks,
    )
