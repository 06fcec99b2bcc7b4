"""Looks after recordings: closes what a lost process left open, and deletes what is too old (rule K1)."""

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog
from callstage_domain.errors import CallstageError
from callstage_kit.recordings.chunks import open_chunk, part_prefix
from callstage_kit.tasks import TaskScope, forever, in_thread
from sqlalchemy import ColumnElement, and_, delete, exists, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.consumers.recording_statements import recording_of
from control_api.db.call_tables import CallRow
from control_api.db.database import Database
from control_api.db.recording_tables import RecordingPartRow, VoicemailRow
from control_api.db.tables import now
from control_api.features.recordings.service import RecordingFiles

_log = structlog.get_logger(__name__)
SETTLED_AFTER = timedelta(seconds=60)
"""A gateway that ends a call tells within seconds what it has kept."""
UNCLAIMED_AFTER = timedelta(hours=1)
"""The sound of a message that nobody tells of: the caller has said nothing."""
_BATCH = 100


class RecordingKeeper:
    """Entered = running."""

    def __init__(self, database: Database, files: RecordingFiles, *, interval_s: float) -> None:
        self._database = database
        self._files = files
        self._interval_s = interval_s
        self._scope = TaskScope("recording_keeper")

    async def __aenter__(self) -> Self:
        self._scope.start(forever(self._interval_s, self.keep, name="keep_recordings"), name="keep")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()

    async def keep(self) -> None:
        """One round. Two replicas may do the same at once: each step is harmless when repeated."""
        try:
            for row in await self._open_parts():
                await self._settle(row)
            for row in await self._expired_parts():
                await self._delete(row)
            await self._forget_voicemails()
        except CallstageError as err:
            _log.warning("recording_keeper_waits", error=err.message)

    async def _open_parts(self) -> Sequence[RecordingPartRow]:
        """Of calls that are over: whoever wrote them is gone."""
        moment = now() - SETTLED_AFTER
        is_over = exists().where(
            CallRow.tenant_id == RecordingPartRow.tenant_id, CallRow.call_id == RecordingPartRow.call_id, CallRow.ended_at < moment
        )
        conditions = (RecordingPartRow.frames.is_(None), RecordingPartRow.started_at < moment, is_over)
        async with self._database.session() as session:
            return (await session.scalars(select(RecordingPartRow).where(*conditions).limit(_BATCH))).all()

    async def _settle(self, row: RecordingPartRow) -> None:
        """What was stored is what there is."""
        names = await self._files.store.names(part_prefix(row.tenant_id, row.call_id, row.part))
        frames = size_bytes = 0
        for name in names[:1] + names[-1:]:
            data = await self._files.store.get(name)
            if data is not None:
                chunk = await in_thread(open_chunk, self._files.box, name, data)
                frames = chunk.frames if name == names[0] else int(names[-1].rpartition(".")[2]) * frames + chunk.frames
                size_bytes = len(data) * len(names)
        async with self._database.session() as session:
            await session.execute(update(RecordingPartRow).where(*_this(row)).values(frames=frames, size_bytes=size_bytes))
            await _show(session, row)
            await session.commit()
        _log.info("recording_settled", call_id=row.call_id, frames=frames)

    async def _expired_parts(self) -> Sequence[RecordingPartRow]:
        moment = now()
        has_message = exists().where(VoicemailRow.tenant_id == RecordingPartRow.tenant_id, VoicemailRow.voicemail_id == RecordingPartRow.part)
        is_unclaimed = and_(RecordingPartRow.kind == "voicemail", RecordingPartRow.started_at < moment - UNCLAIMED_AFTER, ~has_message)
        async with self._database.session() as session:
            wanted = select(RecordingPartRow).where(or_(RecordingPartRow.expires_at < moment, is_unclaimed)).limit(_BATCH)
            return (await session.scalars(wanted)).all()

    async def _delete(self, row: RecordingPartRow) -> None:
        await self._files.delete(row)
        async with self._database.session() as session:
            await session.execute(delete(RecordingPartRow).where(*_this(row)))
            await _show(session, row)
            await session.commit()
        _log.info("recording_expired", call_id=row.call_id, kind=row.kind)

    async def _forget_voicemails(self) -> None:
        async with self._database.session() as session:
            await session.execute(delete(VoicemailRow).where(VoicemailRow.expires_at < now()))
            await session.commit()


async def _show(session: AsyncSession, row: RecordingPartRow) -> None:
    """In the record of the call."""
    mine = (CallRow.tenant_id == row.tenant_id, CallRow.call_id == row.call_id)
    await session.execute(update(CallRow).where(*mine).values(recording=recording_of(literal(row.tenant_id), literal(row.call_id))))


def _this(row: RecordingPartRow) -> tuple[ColumnElement[bool], ...]:
    return (RecordingPartRow.tenant_id == row.tenant_id, RecordingPartRow.call_id == row.call_id, RecordingPartRow.part == row.part)
