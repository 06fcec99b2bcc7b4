"""Rows of embed tokens."""

from control_api.db.embed_tables import EmbedTokenRow
from control_api.db.rows import Page, PageRequest, TenantRows


class EmbedTokenRepository(TenantRows):
    """Embed tokens of one tenant."""

    async def get(self, token_id: str, *, lock: bool = False) -> EmbedTokenRow | None:
        """By id."""
        return await self.first(EmbedTokenRow, EmbedTokenRow.id == token_id, lock=lock)

    async def list_page(self, request: PageRequest, *, agent_id: str | None) -> Page[EmbedTokenRow]:
        """Newest first, of one agent when named."""
        wanted = [EmbedTokenRow.agent_id == agent_id] if agent_id else []
        return await self.page(EmbedTokenRow, request, *wanted, order=(EmbedTokenRow.created_at, EmbedTokenRow.id))
