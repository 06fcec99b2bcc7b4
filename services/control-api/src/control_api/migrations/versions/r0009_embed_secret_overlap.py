"""The shared secret of an embed token before its rotation."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("embed_tokens", sa.Column("previous_secret_sealed", sa.String(), nullable=True))
    op.add_column("embed_tokens", sa.Column("previous_expires_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Backwards."""
    op.drop_column("embed_tokens", "previous_expires_at")
    op.drop_column("embed_tokens", "previous_secret_sealed")
