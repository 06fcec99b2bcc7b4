"""Tests of agents; what calls cost; calls by session."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "agent_tests",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("is_anonymous", sa.Boolean(), nullable=False),
        sa.Column("summary", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("last_result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"], ["agents.tenant_id", "agents.agent_id"], name=op.f("fk_agent_tests_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_agent_tests")),
    )
    op.create_index("ix_agent_tests_agent", "agent_tests", ["tenant_id", "agent_id", "created_at"], unique=False)
    op.add_column("calls", sa.Column("cost", sa.Float(), nullable=True))
    op.create_index("ix_calls_session", "calls", ["tenant_id", "session_id"], unique=False)


def downgrade() -> None:
    """Backwards."""
    op.drop_index("ix_calls_session", table_name="calls")
    op.drop_column("calls", "cost")
    op.drop_index("ix_agent_tests_agent", table_name="agent_tests")
    op.drop_table("agent_tests")
