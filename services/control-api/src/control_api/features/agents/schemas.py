"""Bodies of agents: the fields of rule A2 and what editors of stages need."""

from datetime import datetime
from typing import Annotated, Any, Literal

from callstage_domain.agent import ThinkingLevel
from pydantic import Field

from control_api.access.caller import CallerKind
from control_api.compile.draft import AgentDraft, AgentPatch, AgentSlug, NonEmptyText, Temperature
from control_api.compile.templates import TemplateName
from control_api.web.schema import Body, Reply


class AgentCreate(AgentPatch):
    """A new agent; what is not sent comes from the template, then from the defaults."""

    agent_id: AgentSlug
    display_name: NonEmptyText  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    template: TemplateName | None = None


class AgentQuery(Body):
    """What to look for, an order and a page."""

    q: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Every word stands in the name, the id, the company or a number of the agent.")
    ] = None
    sort: Annotated[Literal["oldest", "edited"], Field(description="`edited`: the last edit first. A cursor belongs to one order.")] = "oldest"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=500)] = None


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
    """A page of agents, in the order that was asked for."""

    agents: list[AgentView]
    next_cursor: str | None = None


class LastChange(Reply):
    """Who changed the draft last. `name` is a person's own name, a key's name, or the e-mail address of somebody who has left."""

    at: datetime
    kind: CallerKind
    id: str
    name: str


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
