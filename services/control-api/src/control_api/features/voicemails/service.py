"""Voicemails: listened to, ticked off, deleted. They are written by events."""

from collections.abc import Mapping

from callstage_audio.framed_mp3 import frame_ms
from callstage_domain.errors import NotFound
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.access.caller import Caller
from control_api.db.recording_tables import RecordingPartRow, VoicemailRow
from control_api.db.rows import PageRequest
from control_api.db.unit_of_work import Writer
from control_api.features.recordings.repository import RecordingRepository
from control_api.features.recordings.service import RecordingFiles
from control_api.features.recordings.sound import Sound
from control_api.features.voicemails.repository import VoicemailRepository
from control_api.features.voicemails.schemas import Voicemail, VoicemailList


class VoicemailService:
    """Of one tenant at a time."""

    def __init__(self, writer: Writer, files: RecordingFiles) -> None:
        self._writer = writer
        self._files = files

    async def list_page(self, caller: Caller, request: PageRequest, *, is_heard: bool | None, agent_id: str | None) -> VoicemailList:
        """A page, and how many are new."""
        async with self._writer.database.session() as session:
            voicemails = VoicemailRepository(session, caller.tenant_id)
            page = await voicemails.list_page(request, is_heard=is_heard, agent_id=agent_id)
            audio = await voicemails.audio(row.voicemail_id for row in page.items)
            unheard = await voicemails.unheard()
        return VoicemailList(voicemails=[voicemail_view(row, audio) for row in page.items], unheard=unheard, next_cursor=page.next_cursor)

    async def sound(self, caller: Caller, voicemail_id: str) -> Sound:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            await _row(session, caller.tenant_id, voicemail_id)
            audio = await VoicemailRepository(session, caller.tenant_id).audio([voicemail_id])
        if voicemail_id not in audio:
            raise NotFound("the sound of this voicemail is not there")
        return self._files.sound([audio[voicemail_id]], from_zero=False)

    async def mark(self, caller: Caller, voicemail_id: str, *, is_heard: bool) -> Voicemail:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, voicemail_id, lock=True)
            before, row.is_heard = row.is_heard, is_heard
            if before != is_heard:
                unit.audit("voicemail.changed", "voicemail", voicemail_id, before={"is_heard": before}, after={"is_heard": is_heard})
            audio = await VoicemailRepository(unit.session, unit.tenant_id).audio([voicemail_id])
            return voicemail_view(row, audio)

    async def delete(self, caller: Caller, voicemail_id: str) -> None:
        """With its sound, for ever. Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, voicemail_id, lock=True)
            for part in (await VoicemailRepository(unit.session, unit.tenant_id).audio([voicemail_id])).values():
                await self._files.delete(part)
                await RecordingRepository(unit.session, unit.tenant_id).forget(part.call_id, part.part)
            await unit.session.delete(row)
            unit.audit("voicemail.deleted", "voicemail", voicemail_id, before={"call_id": row.call_id, "duration_ms": row.duration_ms}, after={})


async def _row(session: AsyncSession, tenant_id: str, voicemail_id: str, *, lock: bool = False) -> VoicemailRow:
    row = await VoicemailRepository(session, tenant_id).get(voicemail_id, lock=lock)
    if row is None:
        raise NotFound("no such voicemail")
    return row


def voicemail_view(row: VoicemailRow, audio: Mapping[str, RecordingPartRow]) -> Voicemail:
    """`audio`: parts with sound by voicemail."""
    part = audio.get(row.voicemail_id)
    values = {name: getattr(row, name) for name in Voicemail.model_fields if hasattr(row, name)}
    if part is not None and part.frames:
        values["duration_ms"] = part.frames * frame_ms(part.rate_hz)
    return Voicemail(**values, has_audio=part is not None)
