"""Connected accounts of tenants; runs of tools in the order in which they are listed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "integrations",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("settings", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("secret_sealed", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_integrations")),
    )
    op.create_index("ix_tool_runs_newest", "tool_runs", ["tenant_id", "occurred_at", "call_id", "run_key"], unique=False)


def downgrade() -> None:
    """Backwards."""
    op.drop_index("ix_tool_runs_newest", table_name="tool_runs")
    op.drop_table("integrations")
