"""Bodies of agents: the fields of rule A2 and what editors of stages need."""

from datetime import datetime
from typing import Any

from callstage_domain.agent import ThinkingLevel
from pydantic import Field

from control_api.compile.draft import AgentDraft, AgentPatch, AgentSlug, NonEmptyText, Temperature
from control_api.compile.templates import TemplateName
from control_api.web.schema import Body, Reply


class AgentCreate(AgentPatch):
    """A new agent; what is not sent comes from the template, then from the defaults."""

    agent_id: AgentSlug
    display_name: NonEmptyText  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    template: TemplateName | None = None


class AgentView(AgentDraft):
    """An agent as it is returned. The flat `temperature` and `thinking_level` repeat those of `llm`."""

    agent_id: str
    company: str  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    temperature: Temperature
    thinking_level: ThinkingLevel
    version: int = Field(description="Also the ETag; grows with every edit.")
    deployed: bool
    deployment: int | None = Field(description="Number of the live deployment.")
    deployed_at: datetime | None
    has_undeployed_changes: bool
    created_at: datetime
    updated_at: datetime


class AgentReply(Reply):
    """One agent."""

    agent: AgentView


class AgentList(Reply):
    """A page of agents, oldest first."""

    agents: list[AgentView]
    next_cursor: str | None = None


class AgentMove(Body):
    """Rule A4."""

    new_tenant_id: str
    tenant_id: str | None = Field(default=None, description="Where the agent is now; the key's own tenant when left out.")


class Detached(Reply):
    """Something that did not travel."""

    kind: str
    id: str


class AgentMoved(Reply):
    """Rule A4."""

    agent_id: str
    previous_tenant_id: str
    new_tenant_id: str
    detached: list[Detached]


def shown_draft(draft: AgentDraft) -> dict[str, Any]:
    """For the audit log; tool code is part of it, secrets are not in drafts."""
    return draft.model_dump(mode="json")
