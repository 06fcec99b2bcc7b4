"""Agents, their deployments, their connections, and the numbers that lead to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from control_api.db.tables import TenantTable, now


class AgentRow(TenantTable):
    """The draft that editors change. `version` is its ETag; `active_deployment` 0 means not deployed."""

    __tablename__ = "agents"

    agent_id: Mapped[str] = mapped_column(primary_key=True)
    draft: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    active_deployment: Mapped[int] = mapped_column(default=0)
    last_deployment: Mapped[int] = mapped_column(default=0)
    deployed_version: Mapped[int | None]
    deployed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


def _of_agent() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "agent_id"], ["agents.tenant_id", "agents.agent_id"], ondelete="CASCADE")


class DeploymentRow(TenantTable):
    """An immutable snapshot (rule D2). Number 0 is the draft last given to a test session and is the only one that is overwritten."""

    __tablename__ = "deployments"
    __table_args__ = (_of_agent(),)

    agent_id: Mapped[str] = mapped_column(primary_key=True)
    deployment: Mapped[int] = mapped_column(primary_key=True)
    snapshot: Mapped[dict[str, Any]]
    findings: Mapped[list[Any]] = mapped_column(default=list)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class BackendRow(TenantTable):
    """The Odoo or ERPNext connection of an agent; the password or key is sealed."""

    __tablename__ = "backends"
    __table_args__ = (_of_agent(),)

    agent_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    url: Mapped[str]
    database: Mapped[str | None]
    login: Mapped[str | None]
    secret_sealed: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class MailboxRow(TenantTable):
    """The mailbox of an agent. `settings` is a MailboxRecord without keys and password."""

    __tablename__ = "mailboxes"
    __table_args__ = (_of_agent(),)

    agent_id: Mapped[str] = mapped_column(primary_key=True)
    integration_id: Mapped[str]
    settings: Mapped[dict[str, Any]]
    password_sealed: Mapped[str]
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class IntegrationRow(TenantTable):
    """A connected account of the tenant (rule I1); password, auth token or refresh token are sealed. `settings` holds no secret."""

    __tablename__ = "integrations"

    id: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[str]
    provider: Mapped[str]
    name: Mapped[str]
    settings: Mapped[dict[str, Any]]
    account: Mapped[str] = mapped_column(default="")
    secret_sealed: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class NumberRow(TenantTable):
    """Rule N1. A number belongs to one tenant; an agent has one number (rule N2)."""

    __tablename__ = "numbers"
    __table_args__ = (
        Index(
            "uq_numbers_agent",
            "tenant_id",
            "route_target",
            unique=True,
            postgresql_where=text("inbound_route = 'ai_agent' AND route_target IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    inbound_route: Mapped[str]
    route_target: Mapped[str | None]
    ai_transfer_type: Mapped[str | None]
    ai_transfer_target: Mapped[str | None]
    fallback: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class BlockedNumberRow(TenantTable):
    """Rule N3."""

    __tablename__ = "blocked_numbers"

    number: Mapped[str] = mapped_column(primary_key=True)
    direction: Mapped[str]
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
