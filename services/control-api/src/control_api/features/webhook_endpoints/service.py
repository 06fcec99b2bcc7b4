"""Webhook endpoints: added, changed, rotated, tried, removed; their deliveries looked at and sent again (rule RE3)."""

from collections.abc import Callable
from datetime import timedelta

from callstage_domain.errors import Conflict, LimitExceeded, NotFound
from callstage_kit.crypto import SecretBox, new_secret
from callstage_kit.egress_policy import EgressPolicy
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.access.caller import Caller
from control_api.consumers.webhook_messages import MessageType
from control_api.db.rows import Page, PageRequest
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.db.webhook_tables import WebhookDeliveryRow, WebhookEndpointRow
from control_api.features.ids import new_row_id
from control_api.features.providers.probe import check_base_url
from control_api.features.webhook_endpoints.repository import WebhookDeliveryRepository, WebhookEndpointRepository
from control_api.features.webhook_endpoints.samples import sample
from control_api.features.webhook_endpoints.schemas import (
    DeliveryStatus,
    WebhookDelivery,
    WebhookEndpointCreate,
    WebhookEndpointCreated,
    WebhookEndpointPatch,
    WebhookEndpointReply,
    WebhookSecret,
    WebhookTested,
)
from control_api.features.webhook_endpoints.sending import Target, WebhookSender, endpoint_aad
from control_api.features.webhook_endpoints.signature import new_signing_secret
from control_api.web.problems import FieldError

MAX_ENDPOINTS = 20
"""Of a tenant: each is one more copy of every message."""
_OVERLAP = timedelta(hours=24)
_SHOWN = ("url", "description", "event_types", "is_active")


class WebhookEndpointService:
    """`on_due` wakes the worker."""

    def __init__(self, writer: Writer, box: SecretBox, policy: EgressPolicy, sender: WebhookSender, on_due: Callable[[], None]) -> None:
        self._writer = writer
        self._box = box
        self._policy = policy
        self._sender = sender
        self._on_due = on_due

    async def list_page(self, caller: Caller, request: PageRequest) -> Page[WebhookEndpointReply]:
        """A page of endpoints."""
        async with self._writer.database.session() as session:
            page = await WebhookEndpointRepository(session, caller.tenant_id).list_page(request)
        return Page([WebhookEndpointReply.model_validate(row) for row in page.items], page.next_cursor)

    async def get(self, caller: Caller, endpoint_id: str) -> WebhookEndpointReply:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            return WebhookEndpointReply.model_validate(await _row(session, caller.tenant_id, endpoint_id))

    async def create(self, caller: Caller, body: WebhookEndpointCreate) -> WebhookEndpointCreated:
        """Active at once. Raises FieldError for an address that may not be called, LimitExceeded."""
        await check_base_url(self._policy, body.url, field="url")
        secret, endpoint_id, moment = new_signing_secret(), new_row_id(), now()
        async with self._writer.change(caller) as unit:
            if await WebhookEndpointRepository(unit.session, unit.tenant_id).count() >= MAX_ENDPOINTS:
                raise LimitExceeded(f"{MAX_ENDPOINTS} webhook endpoints at most; remove one first", code="too_many_endpoints", retryable=False)
            row = WebhookEndpointRow(tenant_id=unit.tenant_id, id=endpoint_id, created_at=moment, updated_at=moment, is_active=True)
            row.url, row.description, row.event_types = body.url, body.description, list[str](body.event_types)
            row.secret_sealed = self._box.seal(secret, endpoint_aad(row.tenant_id, row.id))
            unit.session.add(row)
            await unit.session.flush()
            unit.audit("webhook_endpoint.created", "webhook_endpoint", row.id, after=_shown(row))
        return WebhookEndpointCreated(**WebhookEndpointReply.model_validate(row).model_dump(), secret=secret)

    async def change(self, caller: Caller, endpoint_id: str, body: WebhookEndpointPatch) -> WebhookEndpointReply:
        """Raises NotFound, FieldError."""
        await self.get(caller, endpoint_id)
        if body.url is not None:
            await check_base_url(self._policy, body.url, field="url")
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, endpoint_id, lock=True)
            before = _shown(row)
            for name in body.model_fields_set:
                if (value := getattr(body, name)) is None:
                    raise FieldError(name, "cannot be null")
                setattr(row, name, value)
            if (after := _shown(row)) != before:
                row.updated_at = now()
                if (after["is_active"], after["url"]) != (before["is_active"], before["url"]):
                    row.failing_since = row.disabled_reason = None
                unit.audit("webhook_endpoint.changed", "webhook_endpoint", row.id, before=before, after=after)
        return WebhookEndpointReply.model_validate(row)

    async def delete(self, caller: Caller, endpoint_id: str) -> None:
        """With its deliveries. Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, endpoint_id, lock=True)
            await unit.session.delete(row)
            unit.audit("webhook_endpoint.deleted", "webhook_endpoint", row.id, before=_shown(row))

    async def rotate(self, caller: Caller, endpoint_id: str) -> WebhookSecret:
        """A new secret; the one before signs, too, for a day. Raises NotFound."""
        secret, until = new_signing_secret(), now() + _OVERLAP
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, endpoint_id, lock=True)
            row.rotate(self._box.seal(secret, endpoint_aad(row.tenant_id, row.id)), until)
            row.updated_at = now()
            unit.audit("webhook_endpoint.secret_rotated", "webhook_endpoint", row.id)
        return WebhookSecret(secret=secret, previous_expires_at=until)

    async def test(self, caller: Caller, endpoint_id: str, message_type: MessageType | None) -> WebhookTested:
        """Sends an example now; it is no delivery and changes nothing. Raises NotFound."""
        async with self._writer.database.session() as session:
            row = await _row(session, caller.tenant_id, endpoint_id)
        chosen = message_type or WebhookEndpointReply.model_validate(row).event_types[0]
        message_id, body = new_secret("msg_test_", bytes_of_entropy=12), sample(chosen)
        answer = await self._sender.send(Target.of(row), message_id, body)
        return WebhookTested(
            message_id=message_id,
            type=chosen,
            is_delivered=answer.status is not None and 200 <= answer.status < 300,
            status=answer.status,
            duration_ms=answer.duration_ms,
            response=answer.response,
            error=answer.error,
            request_body=body,
        )

    async def deliveries(self, caller: Caller, endpoint_id: str, request: PageRequest, status: DeliveryStatus | None) -> Page[WebhookDelivery]:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            await _row(session, caller.tenant_id, endpoint_id)
            page = await WebhookDeliveryRepository(session, caller.tenant_id, endpoint_id).list_page(request, status=status)
        return Page([_view(row) for row in page.items], page.next_cursor)

    async def redeliver(self, caller: Caller, endpoint_id: str, delivery_id: str) -> WebhookDelivery:
        """The same message once more, and its schedule from the beginning. Raises NotFound, Conflict when the endpoint is off."""
        async with self._writer.change(caller) as unit:
            endpoint = await _row(unit.session, unit.tenant_id, endpoint_id)
            row = await WebhookDeliveryRepository(unit.session, unit.tenant_id, endpoint_id).get(delivery_id, lock=True)
            if row is None:
                raise NotFound("no such delivery")
            if not endpoint.is_active:
                raise Conflict("the endpoint is switched off; switch it on first")
            row.status, row.attempts, row.next_attempt_at, row.error = "pending", 0, now(), None
            unit.audit("webhook_delivery.redelivered", "webhook_endpoint", endpoint_id, after={"delivery": delivery_id})
        self._on_due()
        return _view(row)


async def _row(session: AsyncSession, tenant_id: str, endpoint_id: str, *, lock: bool = False) -> WebhookEndpointRow:
    row = await WebhookEndpointRepository(session, tenant_id).get(endpoint_id, lock=lock)
    if row is None:
        raise NotFound("no such webhook endpoint")
    return row


def _view(row: WebhookDeliveryRow) -> WebhookDelivery:
    view = WebhookDelivery.model_validate(row)
    return view if row.status == "pending" else view.model_copy(update={"next_attempt_at": None})


def _shown(row: WebhookEndpointRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in _SHOWN}
