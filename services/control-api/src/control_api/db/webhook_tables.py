"""Addresses of integrators that are told of events, and what was sent to them (rule RE3)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from control_api.db.rotating_secret import RotatingSecret
from control_api.db.tables import TenantTable, now


class WebhookEndpointRow(TenantTable, RotatingSecret):
    """`failing_since`: since when every attempt failed. After a rotation both secrets sign for a while."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    event_types: Mapped[list[str]]
    is_active: Mapped[bool] = mapped_column(default=True)
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    last_delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class WebhookDeliveryRow(TenantTable):
    """One message for one endpoint. `subject` names what it tells of; `body` is made of it for the first attempt and stays as it is.

    A delivery that is being sent is `pending` with its next attempt a lease away, so that a crash is repaired by itself.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "endpoint_id"], ["webhook_endpoints.tenant_id", "webhook_endpoints.id"], ondelete="CASCADE"),
        Index("ix_webhook_deliveries_newest", "tenant_id", "endpoint_id", "created_at", "message_id"),
        Index("ix_webhook_deliveries_due", "tenant_id", "endpoint_id", "next_attempt_at", postgresql_where=text("status = 'pending'")),
    )

    endpoint_id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    subject: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    body: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]
    response_status: Mapped[int | None]
    response: Mapped[str | None]
    duration_ms: Mapped[int | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
