"""Rows of API keys."""

from sqlalchemy import select

from control_api.db.access_tables import ApiKeyRow
from control_api.db.rows import Page, PageRequest, TenantRows


class ApiKeyRepository(TenantRows):
    """Keys of one tenant."""

    async def get(self, key_id: str, *, lock: bool = False) -> ApiKeyRow | None:
        """By id."""
        return await self.first(ApiKeyRow, ApiKeyRow.id == key_id, lock=lock)

    async def list_page(self, request: PageRequest) -> Page[ApiKeyRow]:
        """Newest first, revoked ones included."""
        return await self.page(ApiKeyRow, request, order=(ApiKeyRow.created_at, ApiKeyRow.id))

    async def is_taken(self, key_hash: str) -> bool:
        """A key is one tenant's in the whole platform."""
        return await self.session.scalar(select(ApiKeyRow.id).where(ApiKeyRow.key_hash == key_hash)) is not None
