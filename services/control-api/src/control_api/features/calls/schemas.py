"""Bodies of call records (rules K2, K3, K5)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from callstage_contracts.calendar_settings import TimeZone
from callstage_contracts.waterfall import Waterfall
from callstage_domain.call import EndedReason, Fault, ended_reason
from callstage_domain.ids import trace_id_of
from pydantic import Field

from control_api.db.call_tables import CallRow, ToolRunRow
from control_api.web.schema import Body, Reply

Status = Literal["ringing", "active", "ended"]


class CallFilter(Body):
    """Every part narrows; `number` matches either side; `outcome` is another name of `ended_reason`."""

    from_: Annotated[datetime | None, Field(alias="from", description="Started at or after.")] = None
    to: Annotated[datetime | None, Field(description="Started before.")] = None
    number: Annotated[str | None, Field(max_length=40)] = None
    agent_id: Annotated[str | None, Field(max_length=63)] = None
    direction: Literal["inbound", "outbound"] | None = None
    ended_reason: EndedReason | None = None
    outcome: EndedReason | None = None
    fault: Fault | None = None
    channel: Annotated[str | None, Field(max_length=20)] = None
    is_test: bool | None = None
    q: Annotated[str | None, Field(min_length=2, max_length=200, description="Said in the call by anybody; case does not matter.")] = None
    min_cost: Annotated[float | None, Field(ge=0, description="US dollars; calls of unknown cost do not match.")] = None
    max_cost: Annotated[float | None, Field(ge=0, description="US dollars; calls of unknown cost do not match.")] = None
    min_duration_s: Annotated[float | None, Field(ge=0, le=10_000_000)] = None
    max_duration_s: Annotated[float | None, Field(ge=0, le=10_000_000)] = None


class CallQuery(CallFilter):
    """A filter, an order and a page."""

    sort: Annotated[Literal["newest", "oldest"], Field(description="By the start of the call; a cursor belongs to one order.")] = "newest"

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=500)] = None


class ExportQuery(CallFilter):
    """A filter and a file format."""

    format: Literal["csv", "jsonl"] = "csv"


class SeriesQuery(CallFilter):
    """A filter and whose hours and days are meant."""

    timezone: Annotated[TimeZone, Field(description="IANA name; hours and days are cut there.")] = "UTC"


class RecordingView(Reply):
    """The sound of a call (rule K1): `GET /v1/calls/{call_id}/recording`. It begins when the call was answered, like the times of the transcript."""

    duration_ms: int
    channels: int
    size_bytes: int
    parts: int
    """Processes that carried the call; what lies between their parts is silent."""


class CallRecord(Reply):
    """One call. `fault` says who has to act when calls end like this; `trace_id` is its OpenTelemetry trace; `usage` holds the cost inputs."""

    call_id: str
    session_id: str | None
    agent_id: str | None
    deployment: int | None
    channel: str | None
    direction: str | None
    caller_phone: str | None
    to_number: str | None
    carrier_call_id: str | None
    is_test: bool
    status: Status
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    duration_s: float | None
    ended_reason: EndedReason | None
    fault: Fault | None
    summary: str | None
    usage: dict[str, Any] | None
    cost: float | None = Field(description="US dollars for the AI providers, at the prices of the day; null when one of them has no price.")
    takeovers: int
    recording: RecordingView | None
    trace_id: str

    @classmethod
    def of(cls, row: CallRow) -> "CallRecord":
        """From the row."""
        plain = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        status: Status = "ended" if row.ended_at else "active" if row.answered_at else "ringing"
        # The set is closed: a word of a newer release is shown as what it is to this one.
        reason = ended_reason(row.ended_reason) if row.ended_reason else None
        return cls.model_validate(
            {
                **plain,
                "trace_id": trace_id_of(row.call_id),
                "ended_reason": reason,
                "status": status,
                "duration_s": None if row.duration_ms is None else round(row.duration_ms / 1000, 3),
                "fault": reason.fault if reason else None,
            }
        )


class TranscriptLine(Reply):
    """One line; times are milliseconds since the call was answered."""

    turn: int
    role: Literal["user", "assistant", "operator"] = Field(description="`operator`: a hint for the AI (rule X4); the caller did not hear it.")
    text: str
    stage: str
    started_at_ms: int
    ended_at_ms: int
    interrupted: bool
    latency: dict[str, Any] | None
    waterfall: Waterfall | None
    providers: dict[str, Any]


class StageVisit(Reply):
    """A stage was entered."""

    stage: str
    previous: str | None
    by_tool: str | None
    at: datetime


class HostCallReply(Reply):
    """One call of the tool to the outside. The last four only of webhook deliveries."""

    name: str
    duration_ms: int
    is_error: bool
    url: str | None = None
    status: int | None = Field(default=None, description="Of the webhook's HTTP answer.")
    response: str | None = Field(default=None, description="Its beginning.")
    error: str | None = Field(default=None, description="Why there was no answer.")


class ToolRunFacts(Reply):
    """One run of a tool (rule T9)."""

    run_key: str
    tool: str
    stage: str
    status: str
    error_code: str
    arguments: dict[str, Any]
    result: dict[str, Any] = Field(
        description="Of a run that failed: `error`, and of code its `line` and `scope`, the types of the names there: `rows: list[dict] (3)`."
    )
    logs: list[str]
    host_calls: list[HostCallReply]
    duration_ms: int
    is_preload: bool


class ToolRunView(ToolRunFacts):
    """Within its call."""

    at: datetime

    @classmethod
    def of(cls, row: ToolRunRow) -> "ToolRunView":
        """From the row."""
        return cls.model_validate({**{name: getattr(row, name) for name in cls.model_fields if name != "at"}, "at": row.occurred_at})


class CallDetail(CallRecord):
    """The record with all that was said and done."""

    transcript: list[TranscriptLine]
    stages: list[StageVisit]
    tool_runs: list[ToolRunView]


class JournalPart(Reply):
    """What one process recorded: `recording` as `callstage replay` reads it."""

    started_at_ms: int
    recording: dict[str, Any]


class CallJournal(Reply):
    """All that was told and decided in a call, in order; empty when the agent does not keep it, or when it is too old."""

    call_id: str
    parts: list[JournalPart]


class CallList(Reply):
    """In the order that was asked for."""

    calls: list[CallRecord]
    next_cursor: str | None


class CallFigures(Reply):
    """Some calls in numbers."""

    calls: int
    answered: int
    failed: dict[Fault, int] = Field(description="Calls that did not end as they should, by who has to act; `nobody` is never among them.")
    response_p50_ms: float | None = Field(description="End of the caller's speech to the first sound of the answer; null when nothing was answered.")
    response_p95_ms: float | None
    cost: float | None = Field(description="US dollars, of the calls whose cost is known; null when of none.")


class CallPoint(CallFigures):
    """The calls that began in one hour or day; it ends where the next point begins."""

    at: datetime


class CallSeries(Reply):
    """Calls over time. The first and the last point hold only what lies within `from` and `to`."""

    bucket: Literal["hour", "day"]
    timezone: str
    from_: Annotated[datetime, Field(serialization_alias="from")]
    to: datetime
    total: CallFigures = Field(description="All of the span at once: percentiles of parts do not add up.")
    points: list[CallPoint] = Field(description="Without gaps: an hour or a day without calls has zeros.")


class Stats(Reply):
    """The tenant in numbers; test calls count, too. `calls_today` is by UTC."""

    agents: int
    numbers: int
    calls_total: int
    calls_today: int
    active_calls: int
    minutes_total: float
    avg_duration_s: float
    avg_response_ms: float | None
