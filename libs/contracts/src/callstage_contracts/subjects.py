"""NATS subjects and the stream that must not lose anything (rule EV1)."""

from typing import Final

STREAM: Final = "CALLSTAGE_EVENTS"
STREAM_SUBJECTS: Final = ("callstage.>",)
DEDUPLICATION_WINDOW_S: Final = 3600
"""An event resent within this time is stored once (by its id)."""

CALL_EVENTS: Final = "callstage.*.call.*"
EMAIL_EVENTS: Final = "callstage.*.email.*"
TOOL_EVENTS: Final = "callstage.*.tool.*"

LIVE_PREFIX: Final = "live"
"""Core NATS, not stored: what is worth something only now (captions of a running call)."""


LIVE_COMMAND_PREFIX: Final = "live-command"
"""Core NATS, request and reply: what a person tells a running call."""


def event_subject(tenant_id: str, entity: str, event: str) -> str:
    """`callstage.<tenant>.<entity>.<event>`."""
    return f"callstage.{tenant_id}.{entity}.{event}"


def live_subject(tenant_id: str, call_id: str) -> str:
    """Where the captions of a running call are published."""
    return f"{LIVE_PREFIX}.{tenant_id}.{call_id}"


def live_command_subject(tenant_id: str, call_id: str) -> str:
    """Where the process that has a running call takes a `LiveCommand`."""
    return f"{LIVE_COMMAND_PREFIX}.{tenant_id}.{call_id}"
