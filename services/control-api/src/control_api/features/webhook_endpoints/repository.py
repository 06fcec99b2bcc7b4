"""Rows of webhook endpoints and deliveries."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.db.rows import Page, PageRequest, TenantRows
from control_api.db.webhook_tables import WebhookDeliveryRow, WebhookEndpointRow

_PENDING = WebhookDeliveryRow.status == "pending"


class WebhookEndpointRepository(TenantRows):
    """Endpoints of one tenant."""

    async def get(self, endpoint_id: str, *, lock: bool = False) -> WebhookEndpointRow | None:
        """By id."""
        return await self.first(WebhookEndpointRow, WebhookEndpointRow.id == endpoint_id, lock=lock)

    async def list_page(self, request: PageRequest) -> Page[WebhookEndpointRow]:
        """Newest first."""
        return await self.page(WebhookEndpointRow, request, order=(WebhookEndpointRow.created_at, WebhookEndpointRow.id))

    async def count(self) -> int:
        """How many there are."""
        statement = select(func.count()).select_from(WebhookEndpointRow).where(WebhookEndpointRow.tenant_id == self.tenant_id)
        return await self.session.scalar(statement) or 0


class WebhookDeliveryRepository(TenantRows):
    """Deliveries to one endpoint of a tenant."""

    def __init__(self, session: AsyncSession, tenant_id: str, endpoint_id: str) -> None:
        super().__init__(session, tenant_id)
        self._mine = WebhookDeliveryRow.endpoint_id == endpoint_id

    async def get(self, message_id: str, *, lock: bool = False) -> WebhookDeliveryRow | None:
        """By the id of the message."""
        return await self.first(WebhookDeliveryRow, self._mine, WebhookDeliveryRow.message_id == message_id, lock=lock)

    async def list_page(self, request: PageRequest, *, status: str | None) -> Page[WebhookDeliveryRow]:
        """Newest first, of one status when named."""
        wanted = [self._mine, *([WebhookDeliveryRow.status == status] if status else [])]
        return await self.page(WebhookDeliveryRow, request, *wanted, order=(WebhookDeliveryRow.created_at, WebhookDeliveryRow.message_id))

    async def claim(self, moment: datetime, limit: int) -> Sequence[WebhookDeliveryRow]:
        """Due ones, the longest waiting first; those that another process is claiming are left to it."""
        due = self.of(WebhookDeliveryRow, self._mine, _PENDING, WebhookDeliveryRow.next_attempt_at <= moment)
        ordered = due.order_by(WebhookDeliveryRow.next_attempt_at).limit(limit)
        return (await self.session.scalars(ordered.with_for_update(skip_locked=True))).all()


async def endpoints_with_work(session: AsyncSession, moment: datetime, limit: int) -> list[tuple[str, str]]:
    """(tenant, endpoint) of those with due deliveries, over all tenants, in no order: none is always the last."""
    due = exists().where(
        WebhookDeliveryRow.tenant_id == WebhookEndpointRow.tenant_id,
        WebhookDeliveryRow.endpoint_id == WebhookEndpointRow.id,
        _PENDING,
        WebhookDeliveryRow.next_attempt_at <= moment,
    )
    statement = select(WebhookEndpointRow.tenant_id, WebhookEndpointRow.id).where(due).order_by(func.random()).limit(limit)
    return [(tenant_id, endpoint_id) for tenant_id, endpoint_id in await session.execute(statement)]
