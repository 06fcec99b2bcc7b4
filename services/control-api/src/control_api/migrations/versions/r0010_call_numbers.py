"""Indexes for calls in numbers: response times without the lines themselves, an agent's newest test call without its real ones."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forwards."""
    op.create_index(
        "ix_turns_response",
        "turns",
        ["tenant_id", "call_id"],
        unique=False,
        postgresql_include=["response_ms"],
        postgresql_where=sa.text("response_ms IS NOT NULL"),
    )
    op.create_index("ix_calls_tests", "calls", ["tenant_id", "agent_id", "started_at"], unique=False, postgresql_where=sa.text("is_test"))


def downgrade() -> None:
    """Backwards."""
    op.drop_index("ix_calls_tests", table_name="calls")
    op.drop_index("ix_turns_response", table_name="turns")
