"""Bodies of rehearsals."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from control_api.features.agent_tests.schemas import TestDifference
from control_api.web.schema import Body, Reply

DEFAULT_CALLS = 10
MAX_CALLS = 25
"""A rehearsal must end within a request, and agent-runtime, which replays, carries calls, too."""
CallCount = Annotated[int, Field(ge=1, le=MAX_CALLS)]
Verdict = Literal["same_way", "otherwise", "not_rehearsed"]
Reason = Literal["not_recorded", "too_large", "unreadable", "out_of_time"]


class RehearsalAsk(Body):
    """How far back to go."""

    last: CallCount = Field(default=DEFAULT_CALLS, description="So many of the newest calls that may be used.")


class RehearsedCall(Reply):
    """One call, held against the draft. Other words, prompts and pauses are told, but are the same way."""

    call_id: str
    started_at: datetime
    duration_ms: int | None
    channel: str | None
    caller_phone: str | None
    deployment: int = Field(description="That it ran on.")
    verdict: Verdict
    decisions: int = Field(description="How many decisions were compared.")
    differences: list[TestDifference] = Field(description="Those of stages, tools and outcomes come first; 100 at most.")
    differences_total: int
    reason: Reason | None = Field(description="Why it was not rehearsed.")
    detail: str | None = Field(description="The reason in words.")


class Rehearsal(Reply):
    """Newest call first."""

    version: int = Field(description="Of the draft that was rehearsed.")
    same_way: int
    otherwise: int
    not_rehearsed: int
    not_used: int = Field(description="Calls among these that may not be used: the caller was not told of a recording, or there is none any more.")
    calls: list[RehearsedCall]


class RehearsalEvent(Reply):
    """One event of a stream. `begun`: with `calls`; `call`: one more is done; `done`: with `result`; `error`: with `code` and `text`."""

    type: Literal["begun", "call", "done", "error"]
    calls: int = 0
    call: RehearsedCall | None = None
    result: Rehearsal | None = None
    code: str = ""
    text: str = ""
