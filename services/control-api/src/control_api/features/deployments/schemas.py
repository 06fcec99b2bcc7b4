"""Bodies of deploys and test sessions."""

from datetime import datetime
from typing import Any, Literal

from callstage_domain.agent import AgentSnapshot
from pydantic import Field, computed_field

from control_api.compile.effects import ToolEffects
from control_api.compile.findings import HINTS, Finding
from control_api.web.schema import Reply


class FindingReply(Reply):
    """One finding of the deploy checks (rule S5); errors block a deploy."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    stage: str | None
    tool: str | None
    line: int | None

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


class ToolEffectsReply(Reply):
    """Of one tool."""

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


class TestSession(Reply):
    """Open `ws_url` with `?token=…`; runs on the draft as it was now (deployment 0)."""

    ws_url: str
    token: str
    deployment: int
    expires_in_s: int
