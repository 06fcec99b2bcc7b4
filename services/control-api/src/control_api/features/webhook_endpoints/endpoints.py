"""/v1/webhook-endpoints."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.webhook_endpoints.schemas import (
    DeliveryStatus,
    WebhookDelivery,
    WebhookDeliveryList,
    WebhookEndpointCreate,
    WebhookEndpointCreated,
    WebhookEndpointList,
    WebhookEndpointPatch,
    WebhookEndpointReply,
    WebhookSecret,
    WebhookTest,
    WebhookTested,
)
from control_api.features.webhook_endpoints.service import WebhookEndpointService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("webhook endpoints")
Service = Annotated[WebhookEndpointService, Depends(provided(WebhookEndpointService))]


@router.get("/v1/webhook-endpoints")
async def list_webhook_endpoints(caller: Viewer, service: Service, paging: Paging) -> WebhookEndpointList:
    """Addresses that are told of events, newest first."""
    page = await service.list_page(caller, paging)
    return WebhookEndpointList(webhook_endpoints=list(page.items), next_cursor=page.next_cursor)


@router.post("/v1/webhook-endpoints", status_code=201)
async def create_webhook_endpoint(caller: Editor, service: Service, body: WebhookEndpointCreate, response: Response) -> WebhookEndpointCreated:
    """Tell one more address; the secret is shown this once. Requests follow Standard Webhooks."""
    response.headers["Cache-Control"] = "no-store"
    return await service.create(caller, body)


@router.get("/v1/webhook-endpoints/{endpoint_id}")
async def get_webhook_endpoint(caller: Viewer, service: Service, endpoint_id: str) -> WebhookEndpointReply:
    """One address, and whether it has been failing."""
    return await service.get(caller, endpoint_id)


@router.patch("/v1/webhook-endpoints/{endpoint_id}")
async def change_webhook_endpoint(caller: Editor, service: Service, endpoint_id: str, body: WebhookEndpointPatch) -> WebhookEndpointReply:
    """Change what is sent; while it is off nothing is kept for it."""
    return await service.change(caller, endpoint_id, body)


@router.delete("/v1/webhook-endpoints/{endpoint_id}", status_code=204)
async def delete_webhook_endpoint(caller: Editor, service: Service, endpoint_id: str) -> None:
    """Forget the address and its deliveries."""
    await service.delete(caller, endpoint_id)


@router.post("/v1/webhook-endpoints/{endpoint_id}/rotate-secret")
async def rotate_webhook_secret(caller: Editor, service: Service, endpoint_id: str, response: Response) -> WebhookSecret:
    """A new secret, shown this once. For 24 hours requests are signed with the old one, too."""
    response.headers["Cache-Control"] = "no-store"
    return await service.rotate(caller, endpoint_id)


@router.post("/v1/webhook-endpoints/{endpoint_id}/test")
async def try_webhook_endpoint(caller: Editor, service: Service, endpoint_id: str, body: WebhookTest | None = None) -> WebhookTested:
    """Send an example now, signed like a real message, and show the answer."""
    return await service.test(caller, endpoint_id, body.type if body else None)


@router.get("/v1/webhook-endpoints/{endpoint_id}/deliveries")
async def list_webhook_messages(
    caller: Viewer, service: Service, endpoint_id: str, paging: Paging, status: Annotated[DeliveryStatus | None, Query()] = None
) -> WebhookDeliveryList:
    """What was sent in the last 30 days, newest first."""
    page = await service.deliveries(caller, endpoint_id, paging, status)
    return WebhookDeliveryList(deliveries=list(page.items), next_cursor=page.next_cursor)


@router.post("/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/redeliver")
async def redeliver_webhook_message(caller: Editor, service: Service, endpoint_id: str, delivery_id: str) -> WebhookDelivery:
    """Send a message once more, with the same id and body."""
    return await service.redeliver(caller, endpoint_id, delivery_id)
