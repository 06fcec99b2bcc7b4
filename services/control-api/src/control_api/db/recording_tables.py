"""Recordings and voicemails (rules K1, B3). The sound itself is in the store of recordings."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from control_api.db.tables import TenantTable


class RecordingPartRow(TenantTable):
    """What one process kept of a call. `frames` is None until it is complete, or until somebody has looked what a lost process left."""

    __tablename__ = "recording_parts"
    __table_args__ = (
        Index("ix_recording_parts_open", "started_at", postgresql_where=text("frames IS NULL")),
        Index("ix_recording_parts_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )

    call_id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    rate_hz: Mapped[int]
    first_frame: Mapped[int]
    frames: Mapped[int | None]
    size_bytes: Mapped[int | None]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class VoicemailRow(TenantTable):
    """A message of a caller."""

    __tablename__ = "voicemails"
    __table_args__ = (
        Index("ix_voicemails_newest", "tenant_id", "left_at", "voicemail_id"),
        Index("ix_voicemails_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )

    voicemail_id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str]
    agent_id: Mapped[str]
    caller_phone: Mapped[str]
    to_number: Mapped[str]
    reason: Mapped[str]
    transcript: Mapped[str]
    duration_ms: Mapped[int]
    is_heard: Mapped[bool] = mapped_column(default=False)
    left_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
