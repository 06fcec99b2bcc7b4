"""Rows of recordings."""

from collections.abc import Sequence

from sqlalchemy import delete, update

from control_api.db.call_tables import CallRow
from control_api.db.recording_tables import RecordingPartRow
from control_api.db.rows import TenantRows


class RecordingRepository(TenantRows):
    """Recordings of one tenant."""

    async def call(self, call_id: str, *, lock: bool = False) -> CallRow | None:
        """The call itself."""
        return await self.first(CallRow, CallRow.call_id == call_id, lock=lock)

    async def parts(self, call_id: str, kind: str) -> Sequence[RecordingPartRow]:
        """What was kept of a call and can be read."""
        return await self.all(RecordingPartRow, RecordingPartRow.call_id == call_id, RecordingPartRow.kind == kind, RecordingPartRow.frames > 0)

    async def all_parts(self, call_id: str) -> Sequence[RecordingPartRow]:
        """Of the call itself, also those of which nothing can be read."""
        return await self.all(RecordingPartRow, RecordingPartRow.call_id == call_id, RecordingPartRow.kind == "call")

    async def part(self, call_id: str, part: str) -> RecordingPartRow | None:
        """One part that can be read."""
        return await self.first(RecordingPartRow, RecordingPartRow.call_id == call_id, RecordingPartRow.part == part, RecordingPartRow.frames > 0)

    async def forget(self, call_id: str, part: str) -> None:
        """Remove the row of a part."""
        mine = (RecordingPartRow.tenant_id == self.tenant_id, RecordingPartRow.call_id == call_id, RecordingPartRow.part == part)
        await self.session.execute(delete(RecordingPartRow).where(*mine))

    async def clear_call(self, call_id: str) -> None:
        """The call has no recording any more."""
        mine = (CallRow.tenant_id == self.tenant_id, CallRow.call_id == call_id)
        await self.session.execute(update(CallRow).where(*mine).values(recording=None))
