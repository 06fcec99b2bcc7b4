"""What happened, as told upwards on JetStream (rule EV1). control-api applies each event once, by its id.

Personal data stays inside `text`, `caller_phone` and `to_number`; logs never carry an event's body.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from callstage_domain.ids import new_event_id
from pydantic import BaseModel, Field, TypeAdapter

from callstage_contracts.subjects import event_subject
from callstage_contracts.waterfall import Waterfall


class Event(BaseModel, frozen=True, extra="ignore"):
    """Envelope. `schema_version` grows when a field changes its meaning; new optional fields need no new version."""

    id: str = Field(default_factory=new_event_id)
    schema_version: int = 1
    tenant_id: str
    occurred_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    type: str

    @property
    def subject(self) -> str:
        """Where it is published."""
        entity, _, name = self.type.partition(".")
        return event_subject(self.tenant_id, entity, name)


class CallEvent(Event, frozen=True):
    """Anything about one call."""

    call_id: str


class CallStarted(CallEvent, frozen=True):
    """A call was announced and has a route to an agent. Published by the gateway."""

    type: Literal["call.started"] = "call.started"
    session_id: str
    agent_id: str
    deployment: int
    channel: str
    direction: str = "inbound"
    caller_phone: str = ""
    to_number: str = ""
    carrier_call_id: str = ""
    is_test: bool = False
    embed_token_id: str = ""
    """Not empty: it came in through the widget with this token."""


class CallAnswered(CallEvent, frozen=True):
    """Media flows. Sent again with `is_takeover` when another gateway goes on with the call."""

    type: Literal["call.answered"] = "call.answered"
    is_takeover: bool = False


class CallRejected(CallEvent, frozen=True):
    """A call that never reached an agent: blocked, no deployment, overload. Its record is complete with this event."""

    type: Literal["call.rejected"] = "call.rejected"
    agent_id: str = ""
    channel: str
    direction: str = "inbound"
    caller_phone: str = ""
    to_number: str = ""
    carrier_call_id: str = ""
    reason: str


class CallEnded(CallEvent, frozen=True):
    """The last word on a call. `reason` is an `EndedReason`."""

    type: Literal["call.ended"] = "call.ended"
    reason: str
    duration_ms: int
    usage: dict[str, float] = Field(default_factory=dict[str, float])
    summary: str = ""


class LatencyParts(BaseModel):
    """Milliseconds of one answer; None where a part did not happen. Zero is the end of the caller's speech."""

    endpointing_ms: float | None = None
    stt_ms: float | None = None
    """Turn end decided → final transcript."""
    llm_first_token_ms: float | None = None
    llm_first_sentence_ms: float | None = None
    tools_ms: float | None = None
    tts_first_byte_ms: float | None = None
    transport_ms: float | None = None
    """First audio at the runtime → first audio on the carrier's socket."""
    response_ms: float | None = None
    """End of the caller's speech → first audio on the carrier's socket."""


class TurnCompleted(CallEvent, frozen=True):
    """One line of the transcript: what was said, or what was really heard of it. `turn` counts from 0 in the session."""

    type: Literal["call.turn"] = "call.turn"
    session_id: str
    turn: int
    role: Literal["user", "assistant", "operator"]
    """`operator`: a hint that a person gave the model (rule X4); the caller did not hear it."""
    text: str
    stage: str
    was_interrupted: bool = False
    started_at_ms: int = 0
    """Milliseconds since the call was answered."""
    ended_at_ms: int = 0
    latency: LatencyParts | None = None
    waterfall: Waterfall | None = None
    """Of the agent's lines that were made for this turn; `latency` holds the differences."""
    providers: dict[str, str] = Field(default_factory=dict[str, str])


class CallJournaled(CallEvent, frozen=True):
    """What one process knows of a call when it lets go of it: cost inputs, and (if the agent keeps it) what was told and decided (rule K6).

    A call that moved between processes has several of these; their `usage` adds up. `journal` is base64 of zlib of JSON, see
    `agent_runtime.conversation.recording`; it holds what was said, no audio.
    """

    type: Literal["call.journal"] = "call.journal"
    started_at_ms: int = 0
    """Milliseconds since the call was answered at which this process took it on."""
    usage: dict[str, float] = Field(default_factory=dict[str, float])
    journal: str = ""


class StageEntered(CallEvent, frozen=True):
    """The conversation moved on."""

    type: Literal["call.stage"] = "call.stage"
    stage: str
    previous: str | None = None
    by_tool: str | None = None


class ToolCompleted(CallEvent, frozen=True):
    """One run of a tool (rule T9); secrets are redacted before this is made."""

    type: Literal["tool.run"] = "tool.run"
    agent_id: str = ""
    run_key: str
    tool: str
    stage: str = ""
    status: Literal["ok", "failed", "timed_out", "unknown"]
    error_code: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])
    result: dict[str, Any] = Field(default_factory=dict[str, Any])
    logs: list[str] = Field(default_factory=list[str])
    host_calls: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    duration_ms: int = 0
    is_preload: bool = False


class RecordingPart(CallEvent, frozen=True):
    """A stretch of a call's sound that one gateway process keeps (rule K1). `part` is its name in the store of recordings.

    Counted in frames of 576 samples at `rate_hz`, frame 0 being the moment at which the call was answered.
    """

    part: str
    kind: Literal["call", "voicemail"] = "call"
    rate_hz: int
    first_frame: int
    retention_days: int | None = None


class RecordingStarted(RecordingPart, frozen=True):
    """Told first, so that what a lost process has kept is found."""

    type: Literal["recording.started"] = "recording.started"


class RecordingReady(RecordingPart, frozen=True):
    """The part is complete and can be read."""

    type: Literal["recording.ready"] = "recording.ready"
    frames: int
    size_bytes: int


class VoicemailLeft(CallEvent, frozen=True):
    """A caller has left a message (rules B3, X2). Its sound is the recording part with the name `voicemail_id`."""

    type: Literal["voicemail.new"] = "voicemail.new"
    voicemail_id: str
    agent_id: str
    caller_phone: str = ""
    to_number: str = ""
    reason: str = ""
    """Why the agent took a message."""
    text: str = ""
    """What was understood of it."""
    duration_ms: int
    retention_days: int | None = None


class EmailTurn(Event, frozen=True):
    """A mail was read or answered in a conversation."""

    type: Literal["email.turn"] = "email.turn"
    session_id: str
    agent_id: str
    role: Literal["user", "assistant"]
    text: str
    subject_line: str = ""
    address: str = ""
    message_id: str = ""
    turn: int = 0


class EmailHandedOff(Event, frozen=True):
    """A mail conversation was passed on to people."""

    type: Literal["email.handoff"] = "email.handoff"
    session_id: str
    agent_id: str
    reason: str
    forwarded_to: str = ""


class MailboxFailed(Event, frozen=True):
    """A mailbox cannot be read or written; `message` is the server's own."""

    type: Literal["email.mailbox_failed"] = "email.mailbox_failed"
    agent_id: str
    integration_id: str
    message: str


AnyEvent = Annotated[
    CallStarted
    | CallAnswered
    | CallRejected
    | CallEnded
    | CallJournaled
    | TurnCompleted
    | StageEntered
    | ToolCompleted
    | RecordingStarted
    | RecordingReady
    | VoicemailLeft
    | EmailTurn
    | EmailHandedOff
    | MailboxFailed,
    Field(discriminator="type"),
]

_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def parse_event(data: bytes) -> AnyEvent:
    """The event in a message body. Raises pydantic.ValidationError for an unknown type or a broken body."""
    return _ADAPTER.validate_json(data)
