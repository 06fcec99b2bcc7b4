"""Signing in with OpenID Connect: accounts of people at the provider, nonces that were used, people without a password."""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from pwdlib import PasswordHash

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "user_identities",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_user_identities_tenant_id_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "issuer", name=op.f("pk_user_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_user_identities_issuer_subject")),
    )
    op.create_table(
        "used_nonces",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_nonces")),
    )
    op.create_index(op.f("ix_used_nonces_expires_at"), "used_nonces", ["expires_at"], unique=False)
    op.alter_column("users", "password_hash", existing_type=sa.String(), nullable=True)


def downgrade() -> None:
    """Backwards. Who has no password gets one that nobody knows: the column must hold a hash."""
    unknown = PasswordHash.recommended().hash(secrets.token_urlsafe(32))
    op.execute(sa.text("UPDATE users SET password_hash = :unknown WHERE password_hash IS NULL").bindparams(unknown=unknown))
    op.alter_column("users", "password_hash", existing_type=sa.String(), nullable=False)
    op.drop_table("used_nonces")
    op.drop_table("user_identities")
