"""From what travels on NATS to what a listener is told. Pure."""

import json
from typing import Any, cast

from callstage_contracts.events import AnyEvent, CallAnswered, CallEnded, CallStarted, StageEntered, ToolCompleted, TurnCompleted
from pydantic import ValidationError

from control_api.db.tables import now
from control_api.features.live.schemas import LiveEvent

_PARTIES = ("agent_id", "session_id", "channel", "direction", "caller_phone", "to_number", "is_test")


def of_event(event: AnyEvent) -> LiveEvent | None:
    """None for events that no listener needs."""
    match event:
        case CallStarted():
            return _made(event, "started", **event.model_dump(include=set(_PARTIES)))
        case CallAnswered(is_takeover=False):
            return _made(event, "answered")
        case CallEnded():
            return _made(event, "ended", reason=event.reason, duration_ms=event.duration_ms)
        case TurnCompleted():
            told = event.model_dump(include={"role", "text", "turn", "stage", "started_at_ms"})
            latency = event.latency.model_dump(exclude_none=True) if event.latency else None
            return _made(event, "turn", **told, interrupted=event.was_interrupted, latency=latency)
        case StageEntered():
            return _made(event, "stage", **event.model_dump(include={"stage", "previous", "by_tool"}))
        case ToolCompleted():
            told = event.model_dump(include={"tool", "stage", "status", "error_code", "arguments", "result", "duration_ms"})
            return _made(event, "tool", **told)
        case _:
            return None


def of_caption(call_id: str, data: bytes) -> LiveEvent | None:
    """Of the body of a caption; None for one that cannot be read."""
    try:
        told: Any = json.loads(data)
        if not isinstance(told, dict):
            return None
        caption = cast("dict[str, Any]", told)
        return LiveEvent(
            type="caption",
            at=now(),
            call_id=call_id,
            role=caption.get("role"),
            text=str(caption.get("text", "")),
            is_final=bool(caption.get("isFinal")),
        )
    except (ValueError, ValidationError):
        return None


def frame(event: LiveEvent) -> bytes:
    """As Server-Sent Events has it."""
    return f"event: {event.type}\ndata: {event.model_dump_json(exclude_none=True)}\n\n".encode()


def _made(event: Any, kind: str, **fields: Any) -> LiveEvent:
    return LiveEvent.model_validate({"type": kind, "at": event.occurred_at, "call_id": event.call_id, **fields})
