"""Which events become messages to integrators, and the statement that writes one delivery per endpoint that wants them (rule RE3).

Deliveries are committed together with what the event does to the tables, and their key holds the event's id: none is lost, none comes twice.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa
from callstage_contracts.events import AnyEvent, CallEnded, CallRejected, CallStarted, EmailHandedOff, RecordingReady, VoicemailLeft
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import Insert, insert

from control_api.db.tables import now
from control_api.db.webhook_tables import WebhookDeliveryRow, WebhookEndpointRow

MessageType = Literal[
    "call.started",
    "call.rejected",
    "call.ended",
    "transcript.ready",
    "recording.ready",
    "voicemail.new",
    "email.handoff",
    "deployment.activated",
]
MESSAGE_TYPES: tuple[MessageType, ...] = get_args(MessageType)

# A call is told of by two processes: after this time the other one's last words are there, too.
_SETTLED: Mapping[str, timedelta] = {"call.ended": timedelta(seconds=2), "transcript.ready": timedelta(seconds=5)}

_ENDPOINTS = WebhookEndpointRow.metadata.tables[WebhookEndpointRow.__tablename__]
_DELIVERIES = WebhookDeliveryRow.metadata.tables[WebhookDeliveryRow.__tablename__]


def messages_of(event: AnyEvent) -> list[dict[str, Any]]:
    """Parameters of `delivery_insert`, none for events that integrators are not told of."""
    match event:
        case CallStarted():
            return [_of_event(event, "call.started", call_id=event.call_id)]
        case CallRejected():
            return [_of_event(event, "call.rejected", call_id=event.call_id)]
        case CallEnded():
            return end_of_call(event.tenant_id, event.call_id, event.id, event.occurred_at)
        case RecordingReady(kind="call"):
            return [_of_event(event, "recording.ready", call_id=event.call_id)]
        case VoicemailLeft():
            return [_of_event(event, "voicemail.new", voicemail_id=event.voicemail_id)]
        case EmailHandedOff():
            return [_of_event(event, "email.handoff", session_id=event.session_id)]
        case _:
            return []


def end_of_call(tenant_id: str, call_id: str, event_id: str, ended_at: datetime) -> list[dict[str, Any]]:
    """The end, and the transcript when it is whole."""
    subject = {"call_id": call_id}
    return [
        message(tenant_id, "call.ended", event_id, ended_at, subject),
        message(tenant_id, "transcript.ready", f"{event_id}_transcript", ended_at, subject),
    ]


def message(tenant_id: str, message_type: MessageType, unique_id: str, occurred_at: datetime, subject: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of `delivery_insert`. The id holds no dot: that one separates the parts of what is signed."""
    moment = now()
    return {
        "of_tenant_id": tenant_id,
        "told_message_id": f"msg_{unique_id}",
        "told_type": message_type,
        "told_subject": subject,
        "told_occurred_at": occurred_at,
        "told_next_attempt_at": moment + _SETTLED.get(message_type, timedelta()),
        "told_created_at": moment,
    }


def delivery_insert() -> Insert:
    """For one message: a delivery to every active endpoint of the tenant that wants its type."""

    def told(name: str) -> sa.BindParameter[Any]:
        return bindparam(f"told_{name}", type_=_DELIVERIES.c[name].type)

    message_type = told("type")
    values: dict[str, sa.ColumnElement[Any]] = {
        "tenant_id": _ENDPOINTS.c.tenant_id,
        "endpoint_id": _ENDPOINTS.c.id,
        "type": message_type,
        **{name: told(name) for name in ("message_id", "subject", "occurred_at", "next_attempt_at", "created_at")},
        "status": sa.literal("pending"),
        "attempts": sa.literal(0),
    }
    wanting = sa.and_(
        _ENDPOINTS.c.tenant_id == bindparam("of_tenant_id", type_=_ENDPOINTS.c.tenant_id.type),
        _ENDPOINTS.c.is_active,
        _ENDPOINTS.c.event_types.has_key(message_type),
    )
    return insert(_DELIVERIES).from_select(list(values), sa.select(*values.values()).where(wanting)).on_conflict_do_nothing()


def _of_event(event: AnyEvent, message_type: MessageType, **subject: str) -> dict[str, Any]:
    return message(event.tenant_id, message_type, event.id, event.occurred_at, subject)
