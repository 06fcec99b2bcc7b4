"""Call records and conversations, as told by events (rules K2, K3, K4, K5). Rows appear in any order of events."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from control_api.db.tables import Table, TenantTable, now


class CallRow(TenantTable):
    """One call. Fields that only one event tells stay None until it comes."""

    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_newest", "tenant_id", "started_at", "call_id"),
        Index("ix_calls_agent", "tenant_id", "agent_id", "started_at"),
        Index("ix_calls_session", "tenant_id", "session_id"),
        Index("ix_calls_open", "last_event_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_calls_tests", "tenant_id", "agent_id", "started_at", postgresql_where=text("is_test")),
    )

    call_id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str | None]
    agent_id: Mapped[str | None]
    deployment: Mapped[int | None]
    channel: Mapped[str | None]
    direction: Mapped[str | None]
    caller_phone: Mapped[str | None]
    to_number: Mapped[str | None]
    carrier_call_id: Mapped[str | None]
    is_test: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    ended_reason: Mapped[str | None]
    summary: Mapped[str | None]
    usage: Mapped[dict[str, Any] | None]
    cost: Mapped[float | None]
    takeovers: Mapped[int] = mapped_column(default=0)
    is_reaped: Mapped[bool] = mapped_column(default=False)
    recording: Mapped[dict[str, Any] | None]
    last_event_at: Mapped[datetime]


class TurnRow(TenantTable):
    """One line of a transcript."""

    __tablename__ = "turns"
    # Percentiles of thousands of calls are read from it alone: the lines themselves are wide.
    __table_args__ = (
        Index("ix_turns_response", "tenant_id", "call_id", postgresql_include=["response_ms"], postgresql_where=text("response_ms IS NOT NULL")),
    )

    call_id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    stage: Mapped[str]
    was_interrupted: Mapped[bool]
    started_at_ms: Mapped[int]
    ended_at_ms: Mapped[int]
    latency: Mapped[dict[str, Any] | None]
    waterfall: Mapped[dict[str, Any] | None]
    response_ms: Mapped[float | None]
    providers: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]


class CallJournalRow(TenantTable):
    """What one process recorded of a call's decisions (rule K6): zlib of JSON, kept for a limited time."""

    __tablename__ = "call_journals"

    call_id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    started_at_ms: Mapped[int]
    body: Mapped[bytes]
    occurred_at: Mapped[datetime] = mapped_column(index=True)


class StageVisitRow(TenantTable):
    """A stage was entered."""

    __tablename__ = "stage_visits"

    call_id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str]
    previous: Mapped[str | None]
    by_tool: Mapped[str | None]
    occurred_at: Mapped[datetime]


class ToolRunRow(TenantTable):
    """One run of a tool (rule T9)."""

    __tablename__ = "tool_runs"
    __table_args__ = (Index("ix_tool_runs_newest", "tenant_id", "occurred_at", "call_id", "run_key"),)

    call_id: Mapped[str] = mapped_column(primary_key=True)
    run_key: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[str]
    tool: Mapped[str]
    stage: Mapped[str]
    status: Mapped[str]
    error_code: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    logs: Mapped[list[Any]]
    host_calls: Mapped[list[Any]]
    duration_ms: Mapped[int]
    is_preload: Mapped[bool]
    occurred_at: Mapped[datetime]


class ConversationRow(TenantTable):
    """An e-mail conversation."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_newest", "tenant_id", "started_at", "session_id"),)

    session_id: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[str]
    subject_line: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="open")
    handoff_reason: Mapped[str | None]
    forwarded_to: Mapped[str | None]
    started_at: Mapped[datetime]
    last_event_at: Mapped[datetime]


class MailTurnRow(TenantTable):
    """A mail read or answered."""

    __tablename__ = "mail_turns"

    session_id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[int]
    role: Mapped[str]
    text: Mapped[str]
    message_id: Mapped[str]
    address: Mapped[str]
    subject_line: Mapped[str]
    occurred_at: Mapped[datetime]


class AppliedEventRow(Table):
    """Ids of events already in the tables above; kept longer than the stream keeps the events."""

    __tablename__ = "applied_events"

    event_id: Mapped[str] = mapped_column(primary_key=True)
    applied_at: Mapped[datetime] = mapped_column(default=now, index=True)


class RefusedEventRow(Table):
    """A message that could not be applied after all deliveries; kept for people to look at."""

    __tablename__ = "refused_events"

    stream_sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject: Mapped[str]
    body: Mapped[str]
    error: Mapped[str]
    refused_at: Mapped[datetime] = mapped_column(default=now)
