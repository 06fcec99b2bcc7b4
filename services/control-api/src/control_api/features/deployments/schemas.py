"""Bodies of deploys and test sessions."""

from datetime import datetime
from typing import Any, Literal

from callstage_domain.agent import AgentSnapshot
from pydantic import computed_field

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


class FindingList(Reply):
    """Findings of the draft, errors first."""

    findings: list[FindingReply]


class Deployed(Reply):
    """A new or activated deployment."""

    deployment: int
    deployed_at: datetime
    findings: list[FindingReply]


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
