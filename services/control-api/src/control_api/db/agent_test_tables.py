"""Tests of agents (rule D6)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from control_api.db.tables import TenantTable, now


class AgentTestRow(TenantTable):
    """A conversation that a draft is held against. `body` is zlib of JSON: a recording, or steps; `last_result` what the last run found."""

    __tablename__ = "agent_tests"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agents.tenant_id", "agents.agent_id"], ondelete="CASCADE"),
        Index("ix_agent_tests_agent", "tenant_id", "agent_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[str]
    name: Mapped[str]
    source: Mapped[str]
    call_id: Mapped[str | None]
    is_anonymous: Mapped[bool]
    summary: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(deferred=True)
    """Read one at a time: a hundred of them are more than a list needs."""
    last_result: Mapped[dict[str, Any] | None]
    last_run_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
