"""Tokens that put an agent on a web page (rule E1)."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from control_api.db.rotating_secret import RotatingSecret
from control_api.db.tables import TenantTable, now


class EmbedTokenRow(TenantTable, RotatingSecret):
    """`token` is public, it stands in the page; the shared secret has its AAD in `callstage_contracts.buckets`."""

    __tablename__ = "embed_tokens"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "agent_id"], ["agents.tenant_id", "agents.agent_id"], ondelete="CASCADE"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    agent_id: Mapped[str]
    allowed_origins: Mapped[list[str]]
    require_authentication: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    last_used_at: Mapped[datetime | None]
