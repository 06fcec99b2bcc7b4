"""Rows of uploaded audio."""

from sqlalchemy import select

from control_api.db.access_tables import AudioFileRow
from control_api.db.rows import Page, PageRequest, TenantRows


class AudioRepository(TenantRows):
    """Audio of one tenant; the bytes are read only when asked for."""

    async def get(self, name: str, *, lock: bool = False) -> AudioFileRow | None:
        """By name, without the bytes."""
        return await self.first(AudioFileRow, AudioFileRow.name == name, lock=lock)

    async def wav(self, name: str) -> bytes | None:
        """The bytes."""
        return await self.session.scalar(select(AudioFileRow.wav).where(AudioFileRow.tenant_id == self.tenant_id, AudioFileRow.name == name))

    async def list_page(self, request: PageRequest) -> Page[AudioFileRow]:
        """By name."""
        return await self.page(AudioFileRow, request, order=(AudioFileRow.name,), newest_first=False)
