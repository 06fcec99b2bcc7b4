"""Waterfalls of turns, and the recorded decisions of calls."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("turns", sa.Column("waterfall", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.create_table(
        "call_journals",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("started_at_ms", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "call_id", "event_id", name=op.f("pk_call_journals")),
    )
    op.create_index(op.f("ix_call_journals_occurred_at"), "call_journals", ["occurred_at"], unique=False)


def downgrade() -> None:
    """Backwards."""
    op.drop_index(op.f("ix_call_journals_occurred_at"), table_name="call_journals")
    op.drop_table("call_journals")
    op.drop_column("turns", "waterfall")
