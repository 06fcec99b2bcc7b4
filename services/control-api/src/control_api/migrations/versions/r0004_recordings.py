"""Recordings of calls, and voicemails."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("calls", sa.Column("recording", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.create_table(
        "recording_parts",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rate_hz", sa.Integer(), nullable=False),
        sa.Column("first_frame", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "call_id", "part", name=op.f("pk_recording_parts")),
    )
    op.create_index("ix_recording_parts_open", "recording_parts", ["started_at"], unique=False, postgresql_where=sa.text("frames IS NULL"))
    op.create_index(
        "ix_recording_parts_expires_at", "recording_parts", ["expires_at"], unique=False, postgresql_where=sa.text("expires_at IS NOT NULL")
    )
    op.create_table(
        "voicemails",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("voicemail_id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("caller_phone", sa.String(), nullable=False),
        sa.Column("to_number", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("transcript", sa.String(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("is_heard", sa.Boolean(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "voicemail_id", name=op.f("pk_voicemails")),
    )
    op.create_index("ix_voicemails_newest", "voicemails", ["tenant_id", "left_at", "voicemail_id"], unique=False)
    op.create_index("ix_voicemails_expires_at", "voicemails", ["expires_at"], unique=False, postgresql_where=sa.text("expires_at IS NOT NULL"))


def downgrade() -> None:
    """Backwards."""
    op.drop_table("voicemails")
    op.drop_table("recording_parts")
    op.drop_column("calls", "recording")
