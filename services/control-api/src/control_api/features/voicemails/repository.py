"""Rows of voicemails."""

from collections.abc import Iterable

from sqlalchemy import func, select

from control_api.db.recording_tables import RecordingPartRow, VoicemailRow
from control_api.db.rows import Page, PageRequest, TenantRows


class VoicemailRepository(TenantRows):
    """Voicemails of one tenant."""

    async def get(self, voicemail_id: str, *, lock: bool = False) -> VoicemailRow | None:
        """By id."""
        return await self.first(VoicemailRow, VoicemailRow.voicemail_id == voicemail_id, lock=lock)

    async def list_page(self, request: PageRequest, *, is_heard: bool | None, agent_id: str | None) -> Page[VoicemailRow]:
        """Newest first."""
        wanted = [VoicemailRow.is_heard.is_(is_heard)] if is_heard is not None else []
        wanted += [VoicemailRow.agent_id == agent_id] if agent_id else []
        return await self.page(VoicemailRow, request, *wanted, order=(VoicemailRow.left_at, VoicemailRow.voicemail_id))

    async def unheard(self) -> int:
        """How many nobody has heard."""
        mine = (VoicemailRow.tenant_id == self.tenant_id, VoicemailRow.is_heard.is_(False))
        return await self.session.scalar(select(func.count()).select_from(VoicemailRow).where(*mine)) or 0

    async def audio(self, voicemail_ids: Iterable[str]) -> dict[str, RecordingPartRow]:
        """The sound of these, where it can be read."""
        conditions = (RecordingPartRow.part.in_(list(voicemail_ids)), RecordingPartRow.kind == "voicemail", RecordingPartRow.frames > 0)
        return {row.part: row for row in await self.all(RecordingPartRow, *conditions)}
