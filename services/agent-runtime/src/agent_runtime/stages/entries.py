"""What can happen in a conversation. The state is the fold of these entries, live and after a crash alike.

They are stored as JSON in Redis; a field that is added later must have a default.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

ToolStatus = Literal["ok", "failed", "timed_out", "unknown"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class Opened(_Entry):
    """A call began on this session. `at_ms` is Unix time: transcript times count from it."""

    kind: Literal["opened"] = "opened"
    call_id: str
    agent_id: str = ""
    at_ms: float
    metadata: dict[str, Any] = Field(default_factory=dict[str, Any])
    request: dict[str, Any] = Field(default_factory=dict[str, Any])


class LookedUp(_Entry):
    """The caller lookup ended (rule V7)."""

    kind: Literal["looked_up"] = "looked_up"
    values: dict[str, Any]


class Preloaded(_Entry):
    """One preload tool ended within its budget (rule P3)."""

    kind: Literal["preloaded"] = "preloaded"
    tool: str
    variables: dict[str, Any] = Field(default_factory=dict[str, Any])
    data: dict[str, Any] = Field(default_factory=dict[str, Any])
    session: dict[str, Any] = Field(default_factory=dict[str, Any])


class Overheard(_Entry):
    """The caller speaks (no text), or a piece of his turn was understood. A gateway that is lost before his turn is complete takes the rest along.

    `is_last`: its line is gone, this process adds nothing more.
    """

    kind: Literal["overheard"] = "overheard"
    text: str = ""
    is_void: bool = False
    """True: what was understood so far was no turn."""
    is_last: bool = False


class UserSaid(_Entry):
    """A turn of the caller. `turn_id` only in text conversations; `said` is the gateway's number of the last thing that belongs to it."""

    kind: Literal["user_said"] = "user_said"
    text: str
    turn_id: str = ""
    said: int = 0


class Hinted(_Entry):
    """A person who listens in told the model something (rule X4); it counts for the rest of the call."""

    kind: Literal["hinted"] = "hinted"
    text: str


class SentencePlanned(_Entry):
    """The model wrote a sentence; it goes to speech now."""

    kind: Literal["planned"] = "planned"
    utterance: str
    text: str


class SentenceMade(_Entry):
    """The audio of the sentence `index` of the utterance is complete and on its way."""

    kind: Literal["made"] = "made"
    utterance: str
    index: int
    duration_ms: float
    words: tuple[tuple[int, int], ...] = ()
    """Marks of its words (`stages.history.WordMark`); empty: in proportion."""


class Replied(_Entry):
    """The answer is known to its end; an empty text: nothing was to be said. `is_torn`: its process was lost, the model is asked for the rest."""

    kind: Literal["replied"] = "replied"
    utterance: str = ""
    text: str = ""
    is_torn: bool = False


class RequestedCall(_Entry):
    """One tool call of the model."""

    id: str
    name: str
    arguments_json: str
    vendor_state: bytes | None = None


class ToolsRequested(_Entry):
    """The model asked for tools; `text` is what it said before."""

    kind: Literal["tools_requested"] = "tools_requested"
    utterance: str = ""
    text: str = ""
    calls: tuple[RequestedCall, ...]


class ToolFinished(_Entry):
    """A tool call has its outcome. `content` is what the model reads, `fields` the scalars of the result for handover messages."""

    kind: Literal["tool_finished"] = "tool_finished"
    tool_call_id: str
    name: str
    status: ToolStatus
    content: str
    fields: dict[str, Any] = Field(default_factory=dict[str, Any])
    session: dict[str, Any] = Field(default_factory=dict[str, Any])
    speech: str = ""
    run_llm: bool | None = None
    error_code: str = ""
    said: int = 0
    """The gateway's number of the last key that the caller typed into it; 0: it took none."""


class StageMoved(_Entry):
    """The conversation is in another stage (rule S2)."""

    kind: Literal["stage_moved"] = "stage_moved"
    stage: str
    by_tool: str
    handover: str = ""


class StepTaken(_Entry):
    """The outcomes of the tools that were asked for together have had their effect: `next` and `text` as in `engine.Step`."""

    kind: Literal["step_taken"] = "step_taken"
    next: str = ""
    text: str = ""


class EndRequested(_Entry):
    """The model ends the call (rule B2), or hands the caller over (rule B1) when `transfer` is set."""

    kind: Literal["end_requested"] = "end_requested"
    reason: str
    transfer: dict[str, str] | None = None
    summary: str = ""
    voicemail: dict[str, str] | None = None
    """Rule B3: the caller leaves a message first: reason, greeting."""


class Progress(_Entry):
    """How far an utterance was heard, about once a second."""

    kind: Literal["progress"] = "progress"
    utterance: str
    heard_ms: float


class Heard(_Entry):
    """The last word on an utterance: `text` is what the caller heard of it."""

    kind: Literal["heard"] = "heard"
    utterance: str
    text: str
    was_cut: bool = False


class Ended(_Entry):
    """The call is over."""

    kind: Literal["ended"] = "ended"
    reason: str


Entry = Annotated[
    Opened
    | LookedUp
    | Preloaded
    | Overheard
    | UserSaid
    | Hinted
    | SentencePlanned
    | SentenceMade
    | Replied
    | ToolsRequested
    | ToolFinished
    | StageMoved
    | StepTaken
    | EndRequested
    | Progress
    | Heard
    | Ended,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[Entry] = TypeAdapter(Entry)


def parse_entry(data: bytes) -> Entry:
    """Raises pydantic.ValidationError for what a newer release wrote or nobody should have."""
    return _ADAPTER.validate_json(data)


def entry_json(entry: Entry) -> bytes:
    """As it is stored."""
    return entry.model_dump_json(exclude_defaults=False).encode()
