"""Many events into the tables, each once (rule K4). Events may come twice, late, and in any order from two processes."""

import base64
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from callstage_contracts.events import (
    AnyEvent,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallJournaled,
    CallRejected,
    CallStarted,
    EmailHandedOff,
    EmailTurn,
    MailboxFailed,
    RecordingReady,
    RecordingStarted,
    StageEntered,
    ToolCompleted,
    TurnCompleted,
    VoicemailLeft,
)
from sqlalchemy import Connection

from control_api.consumers import statements
from control_api.consumers.prices import PriceList
from control_api.consumers.statements import Step
from control_api.consumers.webhook_messages import messages_of
from control_api.db.tables import now


def apply_events(connection: Connection, events: Sequence[AnyEvent], prices: PriceList | None = None) -> int:
    """How many were new. The caller commits: the marks and the changes are one transaction."""
    marked = connection.execute(statements.MARK, {"ids": sorted({event.id for event in events}), "told_at": now()})
    fresh = set(marked.scalars())
    count = len(fresh)
    changes = _Changes()
    for event in events:
        if event.id in fresh:
            # The same event may be in a batch twice.
            fresh.remove(event.id)
            changes.add(event)
    for step in statements.STEPS:
        if rows := changes.rows(step):
            # Stable: what concerns one row stays in the order of the stream. One row alone needs no pipeline.
            rows.sort(key=lambda row, names=step.order_by: [row[name] for name in names])
            connection.execute(step.statement, rows if len(rows) > 1 else rows[0])
    if prices is not None:
        _price(connection, changes, prices)
    return count


def _price(connection: Connection, changes: "_Changes", prices: PriceList) -> None:
    """At the prices of the day; the rows are locked by this transaction already."""
    told = [*changes.rows(statements.CALL_USED), *changes.rows(statements.CALL_ENDED)]
    calls = sorted({(row["of_tenant_id"], row["of_call_id"]) for row in told if row["told_usage"]})
    if not calls:
        return
    found = connection.execute(statements.USAGE, {"tenants": [tenant for tenant, _ in calls], "calls": [call for _, call in calls]})
    priced = [{"of_tenant_id": tenant, "of_call_id": call, "told_cost": prices.cost(usage)} for tenant, call, usage in found]
    if priced:
        connection.execute(statements.CALL_PRICED, priced if len(priced) > 1 else priced[0])


class _Changes:
    """The parameters of every step, gathered from events."""

    def __init__(self) -> None:
        self._rows: dict[Step, list[dict[str, Any]]] = defaultdict(list)
        self._calls: dict[tuple[str, str], dict[str, Any]] = {}
        self._conversations: dict[tuple[str, str], dict[str, Any]] = {}

    def rows(self, step: Step) -> list[dict[str, Any]]:
        """Parameter sets of one step; a call or a conversation appears once in the step that makes its row."""
        if step is statements.CALL:
            return list(self._calls.values())
        if step is statements.CONVERSATION:
            return list(self._conversations.values())
        return self._rows[step]

    def add(self, event: AnyEvent) -> None:
        self._rows[statements.WEBHOOK_DELIVERY].extend(messages_of(event))
        match event:
            case TurnCompleted():
                self._turn(event)
            case ToolCompleted():
                self._tool(event)
            case StageEntered():
                self._call(event)
                told = event.model_dump(include={"tenant_id", "call_id", "stage", "previous", "by_tool", "occurred_at"})
                self._rows[statements.STAGE_VISIT].append({**told, "event_id": event.id})
            case CallStarted():
                self._told(
                    statements.CALL_TOLD,
                    event,
                    session_id=event.session_id,
                    agent_id=event.agent_id,
                    deployment=event.deployment,
                    is_test=event.is_test,
                    **_parties(event),
                )
                if event.embed_token_id:
                    key = {"of_tenant_id": event.tenant_id, "of_id": event.embed_token_id}
                    self._rows[statements.EMBED_TOKEN_USED].append({**key, "told_at": event.occurred_at})
            case CallAnswered(is_takeover=True):
                self._told(statements.CALL_TAKEN_OVER, event)
            case CallAnswered():
                self._told(statements.CALL_ANSWERED, event, told_at=event.occurred_at)
            case CallRejected():
                self._rejected(event)
            case CallEnded():
                self._ended(event)
            case CallJournaled():
                self._journaled(event)
            case RecordingStarted() | RecordingReady():
                self._recorded(event)
            case VoicemailLeft():
                self._voicemail(event)
            case EmailTurn():
                self._mail_turn(event)
            case EmailHandedOff():
                self._conversation(event)
                key = {"of_tenant_id": event.tenant_id, "of_session_id": event.session_id}
                told = {"status": "handed_off", "handoff_reason": event.reason, "forwarded_to": event.forwarded_to or None}
                self._rows[statements.CONVERSATION_HANDED_OFF].append({**key, **told})
            case MailboxFailed():
                key = {"of_tenant_id": event.tenant_id, "of_agent_id": event.agent_id, "of_integration_id": event.integration_id}
                told = {"last_error": event.message, "last_error_at": event.occurred_at, "told_at": event.occurred_at}
                self._rows[statements.MAILBOX_FAILED].append({**key, **told})
            case _:
                assert_never(event)

    def _call(self, event: CallEvent, *, session_id: str | None = None, makes_row: bool = True) -> None:
        at = event.occurred_at
        row = self._calls.get((event.tenant_id, event.call_id))
        if row is None:
            self._calls[event.tenant_id, event.call_id] = {
                "of_tenant_id": event.tenant_id,
                "of_call_id": event.call_id,
                "of_session_id": session_id,
                "of_started_at": at,
                "of_last_event_at": at,
                "makes_row": makes_row,
            }
            return
        row["of_last_event_at"] = max(row["of_last_event_at"], at)
        if makes_row:
            row["of_started_at"] = min(row["of_started_at"], at) if row["makes_row"] else at
            row["of_session_id"] = row["of_session_id"] or session_id
            row["makes_row"] = True

    def _told(self, step: Step, event: CallEvent, **values: Any) -> None:
        self._call(event)
        self._rows[step].append({"of_tenant_id": event.tenant_id, "of_call_id": event.call_id, **values})

    def _rejected(self, event: CallRejected) -> None:
        ended = {"ended_at": event.occurred_at, "ended_reason": event.reason, "duration_ms": 0, "is_reaped": False}
        self._told(statements.CALL_REJECTED, event, agent_id=event.agent_id or None, **_parties(event), **ended)

    def _ended(self, event: CallEnded) -> None:
        self._told(
            statements.CALL_ENDED,
            event,
            told_at=event.occurred_at,
            ended_reason=event.reason,
            duration_ms=event.duration_ms,
            told_usage=event.usage,
            summary=event.summary or None,
            ended_at=event.occurred_at,
            is_reaped=False,
        )

    def _journaled(self, event: CallJournaled) -> None:
        self._told(statements.CALL_USED, event, told_usage=event.usage)
        if event.journal:
            told = event.model_dump(include={"tenant_id", "call_id", "started_at_ms", "occurred_at"})
            self._rows[statements.CALL_JOURNAL].append({**told, "event_id": event.id, "body": base64.b64decode(event.journal)})

    def _recorded(self, event: RecordingStarted | RecordingReady) -> None:
        row = event.model_dump(include={"tenant_id", "call_id", "part", "kind", "rate_hz", "first_frame"})
        row |= {"frames": None, "size_bytes": None, "started_at": event.occurred_at, "expires_at": _expiry(event.occurred_at, event.retention_days)}
        if isinstance(event, RecordingStarted):
            self._call(event)
            self._rows[statements.RECORDING_STARTED].append(row)
        else:
            self._told(statements.CALL_RECORDED, event)
            self._rows[statements.RECORDING_READY].append(row | {"frames": event.frames, "size_bytes": event.size_bytes})

    def _voicemail(self, event: VoicemailLeft) -> None:
        self._call(event)
        row = event.model_dump(include={"tenant_id", "voicemail_id", "call_id", "agent_id", "caller_phone", "to_number", "reason", "duration_ms"})
        times = {"left_at": event.occurred_at, "expires_at": _expiry(event.occurred_at, event.retention_days)}
        self._rows[statements.VOICEMAIL].append({**row, **times, "transcript": event.text, "is_heard": False})

    def _turn(self, event: TurnCompleted) -> None:
        self._call(event, session_id=event.session_id)
        row = event.model_dump(mode="json", exclude={"id", "schema_version", "type", "occurred_at", "latency", "waterfall"})
        row["waterfall"] = event.waterfall.model_dump(mode="json", exclude_defaults=True) if event.waterfall else None
        row["occurred_at"] = event.occurred_at
        row["latency"] = event.latency.model_dump(mode="json", exclude_none=True) if event.latency else None
        row["response_ms"] = event.latency.response_ms if event.latency else None
        self._rows[statements.TURN].append(row)

    def _tool(self, event: ToolCompleted) -> None:
        self._call(event, makes_row=False)
        row = event.model_dump(mode="json", exclude={"id", "schema_version", "type", "occurred_at"})
        row["occurred_at"] = event.occurred_at
        self._rows[statements.TOOL_RUN].append(row)

    def _conversation(self, event: EmailTurn | EmailHandedOff) -> None:
        at = event.occurred_at
        row = self._conversations.get((event.tenant_id, event.session_id))
        if row is None:
            row = {"tenant_id": event.tenant_id, "session_id": event.session_id, "agent_id": event.agent_id, "started_at": at, "last_event_at": at}
            self._conversations[event.tenant_id, event.session_id] = row
        row["started_at"] = min(row["started_at"], at)
        row["last_event_at"] = max(row["last_event_at"], at)

    def _mail_turn(self, event: EmailTurn) -> None:
        self._conversation(event)
        if event.role == "user":
            key = {"of_tenant_id": event.tenant_id, "of_session_id": event.session_id}
            self._rows[statements.CONVERSATION_NAMED].append({**key, "told_subject_line": event.subject_line, "told_address": event.address})
        told = event.model_dump(include={"tenant_id", "session_id", "turn", "role", "text", "message_id", "address", "subject_line", "occurred_at"})
        self._rows[statements.MAIL_TURN].append({**told, "event_id": event.id})


def _expiry(moment: datetime, days: int | None) -> datetime | None:
    return None if days is None else moment + timedelta(days=days)


def _parties(event: CallStarted | CallRejected) -> dict[str, Any]:
    names = ("channel", "direction", "caller_phone", "to_number", "carrier_call_id")
    return {name: getattr(event, name) for name in names}
