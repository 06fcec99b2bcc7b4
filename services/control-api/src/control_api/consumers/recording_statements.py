"""What events about recordings do to the tables (rules K1, B3)."""

from typing import Any

import sqlalchemy as sa
from callstage_audio.framed_mp3 import CHANNELS, FRAME_BYTES, FRAME_SAMPLES
from sqlalchemy import ColumnElement, func
from sqlalchemy.dialects.postgresql import JSONB, insert

from control_api.db.recording_tables import RecordingPartRow

_PARTS = RecordingPartRow.metadata.tables[RecordingPartRow.__tablename__]


def part_ready() -> Any:
    """INSERT of a part, or the end of one that was begun."""
    statement = insert(_PARTS)
    told = {name: statement.excluded[name] for name in ("frames", "size_bytes")}
    return statement.on_conflict_do_update(index_elements=["tenant_id", "call_id", "part"], set_=told)


def recording_of(tenant_id: ColumnElement[str], call_id: ColumnElement[str]) -> sa.ScalarSelect[Any]:
    """What `calls.recording` holds, from the parts that can be read; NULL when there is none."""
    end = sa.cast(_PARTS.c.first_frame + _PARTS.c.frames, sa.BigInteger)
    fields: dict[str, Any] = {
        "duration_ms": func.max(end * FRAME_SAMPLES * 1000 / _PARTS.c.rate_hz),
        "channels": CHANNELS,
        "size_bytes": func.max(end) * FRAME_BYTES,
        "parts": func.count(),
    }
    pairs = [sa.literal_column(f"'{name}'") if index == 0 else value for name, value in fields.items() for index in (0, 1)]
    shown = sa.case((func.count() > 0, func.jsonb_build_object(*pairs, type_=JSONB())))
    conditions = (_PARTS.c.tenant_id == tenant_id, _PARTS.c.call_id == call_id, _PARTS.c.kind == "call", _PARTS.c.frames > 0)
    return sa.select(shown).where(*conditions).scalar_subquery()
