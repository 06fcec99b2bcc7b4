"""Bodies of trying and checking tools."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from control_api.compile.draft import CodeText, NonEmptyText
from control_api.features.calls.schemas import HostCallReply, ToolRunFacts
from control_api.features.deployments.schemas import EffectsReply
from control_api.web.schema import Body, Reply


class ToolTry(Body):
    """Rule D5. Without `dry_run` the writes are real."""

    args: dict[str, Any] = Field(default_factory=dict[str, Any], description="As the model would give them; checked against the tool's parameters.")
    session: dict[str, Any] = Field(default_factory=dict[str, Any], description="What earlier tools of the conversation left in `session`.")
    dry_run: bool = Field(default=False, description="True: reads go through, writes are shown instead of sent (rule T13).")


class RehearsedWriteReply(Reply):
    """What a dry run did not send."""

    operation: Literal["create", "write", "delete", "call", "webhook", "integration"]
    target: str = Field(description="A model; of a call `model.method`; of a webhook its address; of an integration `email.send`.")
    arguments: dict[str, Any]


class ScopeNameReply(Reply):
    """A name of the tool's code where it failed, and the type of what it held; never the value."""

    name: str
    type: str = Field(description="`dict[str, int]`; of a list with its length: `list[dict] (3)`.")


class ToolTried(Reply):
    """What came of it."""

    status: Literal["ok", "failed", "timed_out", "unknown"]
    result: dict[str, Any]
    speech: str = Field(description="What the AI would say word for word; empty when the tool leaves that to it.")
    error: str = Field(description="What went wrong, with the line of the code when it is the code's fault; empty when nothing did.")
    error_code: str
    line: int = Field(description="Of the tool's code, from 1, where it failed; 0 when that was elsewhere.")
    scope: list[ScopeNameReply] = Field(description="What stood in the names of the code at that moment.")
    session: dict[str, Any] = Field(description="`session` after the run.")
    logs: list[str]
    host_calls: list[HostCallReply]
    duration_ms: int
    dry_run: bool
    writes: list[RehearsedWriteReply] = Field(description="Of a dry run: what would have been sent, in order.")


class ToolRunFilter(Body):
    """Every part narrows."""

    agent_id: Annotated[str | None, Field(max_length=63)] = None
    tool: Annotated[str | None, Field(max_length=64)] = None
    status: Literal["ok", "failed", "timed_out", "unknown"] | None = None
    call_id: Annotated[str | None, Field(max_length=100)] = None
    kind: Literal["webhook"] | None = Field(default=None, description="`webhook`: deliveries only, with address, answer and duration (rule W7).")


class ToolRunQuery(ToolRunFilter):
    """A filter and a page."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=500)] = None


class ToolRunEntry(ToolRunFacts):
    """With the call that it belongs to."""

    call_id: str
    agent_id: str
    occurred_at: datetime


class ToolRunList(Reply):
    """Newest first."""

    tool_runs: list[ToolRunEntry]
    next_cursor: str | None


class StandardTool(Reply):
    """A tool that every agent may use without defining it (rules B1 to B3, W5)."""

    name: str
    kind: Literal["builtin", "webhook"]
    description: str
    parameters: dict[str, Any]


class StandardToolList(Reply):
    """Built-in ones first."""

    tools: list[StandardTool]


class CodeCheck(Body):
    """Code of a tool that is being written."""

    code: CodeText


class CodeRemark(Reply):
    """A mistake in the code."""

    kind: Literal["syntax", "type"]
    message: str
    line: int = Field(description="From 1; 0 when unknown.")
    is_error: bool


class CodeChecked(Reply):
    """What is wrong, and what the code can do."""

    remarks: list[CodeRemark]
    effects: EffectsReply


class ModelFieldReply(Reply):
    """A field as the backend describes it; fits into `fields` of a resource."""

    name: str
    type: str
    label: str
    required: bool
    readonly: bool
    relation: str
    choices: list[str]


class ModelReply(Reply):
    """Rule R2."""

    model: str
    fields: list[ModelFieldReply]


class TemplateAsk(Body):
    """Ready-made code for one access right to one resource of the draft."""

    model: NonEmptyText
    action: Literal["search", "create", "update", "delete", "call"]
    method: str = Field(default="", max_length=200, description="Of `call`: the model's method.")


class TemplateReply(Reply):
    """A tool to put into the draft and to change at will."""

    name: str
    description: str
    parameters: dict[str, Any]
    code: str
