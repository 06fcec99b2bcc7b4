"""Rows of blocked numbers."""

from control_api.db.agent_tables import BlockedNumberRow
from control_api.db.rows import Page, PageRequest, TenantRows


class BlockedNumberRepository(TenantRows):
    """Blocked numbers of one tenant."""

    async def get(self, number: str, *, lock: bool = False) -> BlockedNumberRow | None:
        """By E.164 number."""
        return await self.first(BlockedNumberRow, BlockedNumberRow.number == number, lock=lock)

    async def list_page(self, request: PageRequest) -> Page[BlockedNumberRow]:
        """Newest first."""
        return await self.page(BlockedNumberRow, request, order=(BlockedNumberRow.created_at, BlockedNumberRow.number))
