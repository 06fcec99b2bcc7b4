"""Identifiers as distinct types, and how new ones are made."""

import secrets
import uuid
from typing import NewType

TenantId = NewType("TenantId", str)
AgentId = NewType("AgentId", str)
CallId = NewType("CallId", str)
SessionId = NewType("SessionId", str)
EventId = NewType("EventId", str)


def new_call_id() -> CallId:
    """A random UUID, the `call_id` of webhooks, records and traces."""
    return CallId(str(uuid.uuid4()))


def trace_id_of(call_id: str) -> str:
    """The OpenTelemetry trace of a call, 32 hex digits: the call id itself, so that every process knows it and a log line leads to it."""
    try:
        return uuid.UUID(call_id).hex
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"callstage-call:{call_id}").hex


def mail_call_id(session_id: str) -> CallId:
    """Under which tools of a mail conversation run: always the same for one thread."""
    return CallId(str(uuid.uuid5(uuid.NAMESPACE_URL, f"callstage-mail:{session_id}")))


def new_session_id() -> SessionId:
    """Unguessable: whoever holds it may resume the conversation (as `historyKey`)."""
    return SessionId("ses_" + secrets.token_urlsafe(18))


def new_event_id() -> EventId:
    """Also the NATS message id, so that a resent event is stored once."""
    return EventId(uuid.uuid4().hex)
