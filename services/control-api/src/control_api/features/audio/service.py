"""Uploaded greetings and hold music: any format in, telephone WAV out."""

from callstage_audio.errors import AudioFormatError
from callstage_audio.upload import TELEPHONE_HZ, to_telephone_wav
from callstage_domain.errors import NotFound
from callstage_kit.tasks import in_thread

from control_api.access.caller import Caller
from control_api.db.access_tables import AudioFileRow
from control_api.db.rows import Page, PageRequest
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.audio.repository import AudioRepository
from control_api.web.problems import FieldError

_WAV_HEADER_BYTES = 44
_BYTES_PER_MS = TELEPHONE_HZ * 2 // 1000


class AudioService:
    """Store, show, remove."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def list_page(self, caller: Caller, request: PageRequest) -> Page[AudioFileRow]:
        """A page of files."""
        async with self._writer.database.session() as session:
            return await AudioRepository(session, caller.tenant_id).list_page(request)

    async def wav(self, caller: Caller, name: str) -> bytes:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            found = await AudioRepository(session, caller.tenant_id).wav(name)
        if found is None:
            raise NotFound("no such audio")
        return found

    async def put(self, caller: Caller, name: str, data: bytes) -> AudioFileRow:
        """Convert and store. Raises FieldError for what is no audio."""
        try:
            wav = await in_thread(to_telephone_wav, data)
        except AudioFormatError as err:
            raise FieldError("body", str(err)) from err
        async with self._writer.change(caller) as unit:
            row = await AudioRepository(unit.session, unit.tenant_id).get(name, lock=True)
            if row is None:
                row = AudioFileRow(tenant_id=unit.tenant_id, name=name)
                unit.session.add(row)
            row.wav, row.size_bytes, row.updated_at = wav, len(wav), now()
            row.duration_ms = max(0, len(wav) - _WAV_HEADER_BYTES) // _BYTES_PER_MS
            unit.audit("audio.stored", "audio", name, after={"size_bytes": row.size_bytes, "duration_ms": row.duration_ms})
        return row

    async def remove(self, caller: Caller, name: str) -> None:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await AudioRepository(unit.session, unit.tenant_id).get(name, lock=True)
            if row is None:
                raise NotFound("no such audio")
            await unit.session.delete(row)
            unit.audit("audio.removed", "audio", name)
