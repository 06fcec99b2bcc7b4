"""Bodies of running calls, and of the events about them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from callstage_contracts.live import MAX_HINT_CHARS
from pydantic import StringConstraints

from control_api.web.schema import Body, Reply

LiveEventType = Literal["calls", "started", "answered", "ended", "caption", "turn", "stage", "tool", "lagged", "closed"]


class LiveCall(Reply):
    """A call that runs. `stage` is null until the conversation has begun."""

    call_id: str
    session_id: str | None
    agent_id: str | None
    agent_name: str | None
    channel: str | None
    direction: str | None
    caller_phone: str | None
    to_number: str | None
    is_test: bool
    status: Literal["ringing", "active"]
    stage: str | None
    started_at: datetime
    answered_at: datetime | None


class LiveCallList(Reply):
    """Oldest first; 500 at most."""

    calls: list[LiveCall]


class Hint(Body):
    """Something for the model to act on from its next answer on. It is never spoken literally."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_HINT_CHARS, strip_whitespace=True)]


class LiveDone(Reply):
    """The process that has the call has taken it."""

    call_id: str
    ok: Literal[True] = True


class LiveEvent(Reply):
    """The `data` of one Server-Sent Event; the event's name repeats `type`. Which of the other fields are there depends on it.

    `calls`: what runs when the stream begins, once. `started`, `answered`, `ended` (`reason`, `duration_ms`). `caption`: words as they come
    (`role`, `text`, `is_final`; not stored, some may be missing). `turn`: a line of the transcript (`role`, `text`, `turn`, `stage`,
    `interrupted`, `latency`). `stage`: entered (`stage`, `previous`, `by_tool`). `tool`: ran (`tool`, `status`, `arguments`, `result`,
    `duration_ms`). `lagged`: this reader was too slow and is cut off; connect again. `closed`: the stream ends (`reason`: `signed_out`,
    `call_ended`, `server_leaves`).
    """

    type: LiveEventType
    at: datetime
    call_id: str | None = None
    calls: list[LiveCall] | None = None
    agent_id: str | None = None
    channel: str | None = None
    direction: str | None = None
    caller_phone: str | None = None
    to_number: str | None = None
    session_id: str | None = None
    is_test: bool | None = None
    role: Literal["user", "assistant", "operator"] | None = None
    text: str | None = None
    is_final: bool | None = None
    turn: int | None = None
    started_at_ms: int | None = None
    interrupted: bool | None = None
    latency: dict[str, Any] | None = None
    stage: str | None = None
    previous: str | None = None
    by_tool: str | None = None
    tool: str | None = None
    status: str | None = None
    error_code: str | None = None
    arguments: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    duration_ms: int | None = None
    reason: str | None = None
