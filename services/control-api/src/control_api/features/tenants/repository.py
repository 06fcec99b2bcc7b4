"""Rows of a tenant."""

from sqlalchemy import delete, or_, select

from control_api.db.access_tables import TenantRow, WebhookKeyRow
from control_api.db.rows import TenantRows
from control_api.db.tables import now


class TenantRepository(TenantRows):
    """The tenant and its webhook keys."""

    async def tenant(self, *, lock: bool = False) -> TenantRow | None:
        """The row; locking it puts changes of the tenant record in order."""
        statement = select(TenantRow).where(TenantRow.id == self.tenant_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).first()

    async def webhook_keys(self) -> list[WebhookKeyRow]:
        """Valid ones, newest first."""
        valid = or_(WebhookKeyRow.expires_at.is_(None), WebhookKeyRow.expires_at > now())
        return sorted(await self.all(WebhookKeyRow, valid), key=lambda row: row.created_at, reverse=True)

    async def webhook_key(self, key_id: str) -> WebhookKeyRow | None:
        """By id."""
        return await self.first(WebhookKeyRow, WebhookKeyRow.id == key_id)

    async def remove_expired_webhook_keys(self) -> None:
        """Keys whose overlap is over."""
        await self.session.execute(delete(WebhookKeyRow).where(WebhookKeyRow.tenant_id == self.tenant_id, WebhookKeyRow.expires_at <= now()))
