"""Bodies of deploys and test sessions."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from callstage_domain.agent import AgentSnapshot
from pydantic import Field, computed_field, field_validator

from control_api.compile.draft import MailText, PhoneText
from control_api.compile.effects import ToolEffects
from control_api.compile.findings import HINTS, Finding
from control_api.features.agent_tests.runtime import Forked
from control_api.features.rehearsals.schemas import CallCount
from control_api.web.schema import Body, Reply


class FindingReply(Reply):
    """One finding of the deploy checks (rule S5); errors block a deploy."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    stage: str | None
    tool: str | None
    line: int | None
    call_id: str | None = Field(default=None, description="Of the call that a rehearsal found.")

    @computed_field(description="How to repair it.")
    @property
    def hint(self) -> str:
        """By code."""
        return HINTS.get(self.code, "")

    @classmethod
    def all_of(cls, findings: list[Finding]) -> "list[FindingReply]":
        """In their order."""
        return [cls.model_validate(finding) for finding in findings]


class EffectReply(Reply):
    """One thing that a tool may change."""

    target: str = Field(description="A model of the backend, or a kind of integration.", examples=["sale.order"])
    operation: str = Field(description="create, write, delete, or a method's name.", examples=["create"])


class UnknownEffectReply(Reply):
    """Something that only shows when the code runs."""

    line: int = Field(description="Of the tool's own code, from 1; 0 when unknown.")
    what: str


class EffectsReply(Reply):
    """What code can do, read from it before it runs (rule T12)."""

    is_complete: bool = Field(description="False: it may do more than is listed; `unknown` says why.")
    changes_something: bool = Field(description="False for code that only reads.")
    models_read: list[str]
    writes: list[EffectReply]
    calls: list[EffectReply] = Field(description="Methods that may change something.")
    integrations: list[EffectReply]
    unknown: list[UnknownEffectReply]
    hosts: list[str] = Field(
        default_factory=list[str],
        description="Hosts that it may contact, of what the agent is connected to now; empty for code that was checked without an agent.",
        examples=[["odoo.example.com"]],
    )


class ToolEffectsReply(Reply):
    """Of one tool with code, or of a webhook tool."""

    tool: str
    effects: EffectsReply

    @classmethod
    def all_of(cls, effects: list[ToolEffects]) -> "list[ToolEffectsReply]":
        """In their order."""
        return [cls.model_validate(item) for item in effects]


class FindingList(Reply):
    """Findings of the draft, errors first, and what each of its code tools can do."""

    findings: list[FindingReply]
    effects: list[ToolEffectsReply]


class Deployed(Reply):
    """A new or activated deployment."""

    deployment: int
    deployed_at: datetime
    findings: list[FindingReply]
    effects: list[ToolEffectsReply] = Field(default_factory=list[ToolEffectsReply], description="Of the code tools, as far as they could be read.")


class DeploymentView(Reply):
    """One snapshot in the history."""

    deployment: int
    created_at: datetime
    created_by: str
    is_active: bool


class DeploymentDetail(DeploymentView):
    """With what runs."""

    snapshot: AgentSnapshot


class DeploymentList(Reply):
    """Newest first."""

    deployments: list[DeploymentView]
    next_cursor: str | None


class Change(Reply):
    """One difference; `path` such as `stages.order.prompt`, None where one side has nothing."""

    path: str
    before: Any
    after: Any


class DeploymentDiff(Reply):
    """What changed from one deployment to another."""

    before: int
    after: int
    changes: list[Change]


class DraftDiff(Reply):
    """What a deploy of the draft would change; `deployment` is the live one, null when none is."""

    deployment: int | None
    deployed_at: datetime | None
    version: int = Field(description="Of the draft that was compared; its ETag.")
    changes: list[Change]


class DeployAsk(Body):
    """How to deploy."""

    require_tests: bool = Field(
        default=False, description="Run the agent's tests first; a test that does not pass blocks the deploy, and so does an agent without tests."
    )
    rehearse_last: CallCount | None = Field(
        default=None,
        description="Rehearse with that many recent calls: one that goes another way blocks the deploy, and so do calls none of which can be used.",
    )


MAX_VARIABLES_CHARS = 3000


class ResumePoint(Body):
    """A turn of the caller in a session: the new session stands where that one stood before it."""

    session_id: Annotated[str, Field(min_length=1, max_length=200, description="`historyKey` of the conversation.")]
    turn: Annotated[int, Field(ge=0, le=10_000, description="Counts the caller's turns over the whole session, from 0.")]


class TestSessionAsk(Body):
    """Whom to pretend to be, and where to begin. Left out: the draft's test caller, from the start."""

    caller_phone: PhoneText | None = None
    sender_email: MailText | None = None
    variables: dict[Annotated[str, Field(max_length=100)], str | int | float | bool] = Field(
        default_factory=dict[str, str | int | float | bool], max_length=100, description="Request variables, as a click-to-call request has them."
    )
    mode: Literal["voice", "chat"] = "voice"
    resume: ResumePoint | None = None

    @field_validator("variables")
    @classmethod
    def _fits_into_an_address(cls, variables: dict[str, str | int | float | bool]) -> dict[str, str | int | float | bool]:
        # They travel in the token, and that in the address of the socket.
        if len(json.dumps(variables)) > MAX_VARIABLES_CHARS:
            raise ValueError(f"{MAX_VARIABLES_CHARS} characters as JSON at most")
        return variables


class HistoryLine(Reply):
    """Something that was said before."""

    role: Literal["user", "assistant"]
    text: str


class ForkedSession(Reply):
    """Where the new session stands."""

    stage: str
    variables: dict[str, Any]
    history: list[HistoryLine]
    replaced_text: str = Field(description="What the caller said in the turn that the next one replaces.")

    @classmethod
    def of(cls, forked: Forked) -> "ForkedSession":
        """From agent-runtime's answer."""
        lines = [HistoryLine.model_validate({"role": role, "text": text}) for role, text in forked.history]
        return cls(stage=forked.stage, variables=forked.variables, history=lines, replaced_text=forked.replaced_text)


class TestSession(Reply):
    """Open `ws_url` with `?token=…` (and `&mode=chat` for `chat`); runs on the draft as it was now (deployment 0)."""

    ws_url: str
    token: str
    deployment: int
    expires_in_s: int
    mode: Literal["voice", "chat"] = "voice"
    session_id: str | None = Field(default=None, description="With `resume`: send it as `&session_id=…`.")
    forked: ForkedSession | None = None
