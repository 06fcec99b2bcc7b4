"""Reading and deleting recordings; parts are told by events and kept by `keeper`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from callstage_audio.framed_mp3 import frame_ms
from callstage_domain.errors import Conflict, NotFound
from callstage_kit.crypto import SecretBox
from callstage_kit.recordings.chunks import CHANNELS, part_prefix
from callstage_kit.recordings.store import RecordingStore
from callstage_kit.tasks import in_thread

from control_api.access.caller import Caller
from control_api.db.recording_tables import RecordingPartRow
from control_api.db.unit_of_work import Writer
from control_api.features.recordings.repository import RecordingRepository
from control_api.features.recordings.schemas import RecordingPeaks
from control_api.features.recordings.sound import PartPlace, Sound

SIDES = ("caller", "agent")


@dataclass(frozen=True, slots=True)
class RecordingFiles:
    """Where the sound is."""

    store: RecordingStore
    box: SecretBox

    def sound(self, rows: Sequence[RecordingPartRow], *, from_zero: bool = True) -> Sound:
        """Of parts that have frames; at least one."""
        parts = [PartPlace(_prefix(row), row.rate_hz, row.first_frame, row.frames or 0) for row in rows]
        return Sound(self.store, self.box, parts, from_zero=from_zero)

    async def delete(self, row: RecordingPartRow) -> None:
        """Everything of a part. Raises DependencyError."""
        await self.store.delete(_prefix(row))


class RecordingService:
    """The sound of whole calls."""

    def __init__(self, writer: Writer, files: RecordingFiles) -> None:
        self._writer = writer
        self._files = files

    async def sound(self, caller: Caller, call_id: str) -> Sound:
        """Raises NotFound when there is no such call, or nothing was recorded of it."""
        async with self._writer.database.session() as session:
            rows = await RecordingRepository(session, caller.tenant_id).parts(call_id, "call")
        if not rows:
            raise NotFound("there is no recording of this call")
        return self._files.sound(rows)

    async def peaks(self, caller: Caller, call_id: str, points: int) -> RecordingPeaks:
        """Raises NotFound."""
        sound = await self.sound(caller, call_id)
        step = max(1, -(-sound.frames // points))
        values = await in_thread(_coarser, await sound.peaks(), step)
        return RecordingPeaks(duration_ms=sound.duration_ms, step_ms=step * frame_ms(sound.rate_hz), channels=list(SIDES), peaks=values)

    async def delete(self, caller: Caller, call_id: str) -> None:
        """The sound is gone for ever; the record of the call stays. Raises NotFound, Conflict while the call runs."""
        async with self._writer.change(caller) as unit:
            recordings = RecordingRepository(unit.session, unit.tenant_id)
            call = await recordings.call(call_id, lock=True)
            rows = await recordings.all_parts(call_id) if call is not None else []
            if call is None or not rows:
                raise NotFound("there is no recording of this call")
            if call.ended_at is None:
                raise Conflict("the call is still running; delete its recording when it is over", code="call_running")
            for row in rows:
                # First the sound: when this fails half-way, the rows still say where the rest of it is.
                await self._files.delete(row)
                await recordings.forget(call_id, row.part)
            await recordings.clear_call(call_id)
            unit.audit("recording.deleted", "call", call_id, before=call.recording or {}, after={})


def _prefix(row: RecordingPartRow) -> str:
    return part_prefix(row.tenant_id, row.call_id, row.part)


def _coarser(peaks: bytes, step: int) -> list[list[float]]:
    values = np.frombuffer(peaks, np.uint8).reshape(-1, CHANNELS)
    missing = -len(values) % step
    blocks = np.concatenate((values, np.zeros((missing, CHANNELS), np.uint8))).reshape(-1, step, CHANNELS).max(axis=1)
    return [np.round(blocks[:, channel] / 255, 3).tolist() for channel in range(CHANNELS)]
