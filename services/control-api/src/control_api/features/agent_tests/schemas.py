"""Bodies of agent tests."""

from datetime import datetime
from typing import Annotated, Any, Literal

from callstage_domain.call import EndedReason
from pydantic import Field, StringConstraints, model_validator

from control_api.features.agent_tests.runtime import Replayed
from control_api.web.schema import Body, Reply

DifferenceKind = Literal["stage", "tool", "outcome", "words", "prompt", "timing"]
WAYS: frozenset[DifferenceKind] = frozenset({"stage", "tool", "outcome"})
"""Differences that make a test fail."""
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
_Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SaysStep(Body):
    """The caller says something."""

    kind: Literal["says"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class CallsStep(Body):
    """The model calls a tool, and this is the tool's result; nothing runs."""

    kind: Literal["calls"]
    tool: _Word
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])
    result: dict[str, Any] = Field(default_factory=dict[str, Any])
    status: Literal["ok", "failed", "timed_out", "unknown"] = "ok"


class StageStep(Body):
    """Expected: the conversation is in that stage now."""

    kind: Literal["stage"]
    stage: _Word


class EndsStep(Body):
    """Expected: the agent has ended the call, or handed it over."""

    kind: Literal["ends"]
    reason: EndedReason = EndedReason.AGENT_ENDED


TestStep = Annotated[SaysStep | CallsStep | StageStep | EndsStep, Field(discriminator="kind")]


Steps = Annotated[list[TestStep], Field(min_length=1, max_length=200)]


class AgentTestPatch(Body):
    """What is sent is changed. Only a test that was written by hand has steps; with other steps what the last run found is forgotten."""

    name: _Name | None = None
    steps: Annotated[Steps | None, Field(description="All of them, in order.")] = None


class AgentTestCreate(Body):
    """One of `from_call_id`, `from_session_id` and `steps`."""

    name: _Name
    from_call_id: Annotated[str | None, Field(max_length=200, description="A recorded call of this agent.")] = None
    from_session_id: Annotated[str | None, Field(max_length=200, description="A conversation of the Test tab, also one that still runs.")] = None
    steps: Annotated[Steps | None, Field(description="A conversation written by hand.")] = None
    is_anonymous: bool = Field(default=False, description="Replace names, numbers and whatever else could be personal.")

    @model_validator(mode="after")
    def _one_source(self) -> "AgentTestCreate":
        if sum(source is not None for source in (self.from_call_id, self.from_session_id, self.steps)) != 1:
            raise ValueError("give one of from_call_id, from_session_id and steps")
        return self


class TestDifference(Reply):
    """Where the draft goes another way than what was recorded. `words`, `prompt` and `timing` are told, but do not make a test fail."""

    kind: DifferenceKind
    at_ms: int = Field(description="Milliseconds since the call began; 0 for steps.")
    what: str
    recorded: str
    draft: str
    after: str

    @classmethod
    def all_of(cls, replayed: Replayed) -> "list[TestDifference]":
        """In their order."""
        return [cls.model_validate({**told, "draft": told["today"]}) for told in replayed.differences]


def goes_otherwise(differences: list[TestDifference]) -> bool:
    """Whether the conversation takes another way, and is not only told otherwise."""
    return any(difference.kind in WAYS for difference in differences)


class AgentTestResult(Reply):
    """One test, run against the draft. `error` when it could not be run; such a test has not passed."""

    test_id: str
    name: str
    passed: bool
    decisions: int = Field(description="How many decisions were compared.")
    differences: list[TestDifference] = Field(description="Those that make it fail come first; 100 at most.")
    differences_total: int
    error: str | None = None
    ran_at: datetime


class TestLine(Reply):
    """A line of the conversation that a test holds."""

    kind: Literal["said", "tool", "stage"]
    role: str
    text: str
    stage: str
    tool: str
    status: str


class AgentTestView(Reply):
    """One test."""

    id: str
    agent_id: str
    name: str
    source: Literal["call", "session", "steps"]
    call_id: str | None
    is_anonymous: bool
    user_turns: int
    stages: list[str]
    tools: list[str]
    ended_reason: str
    created_by: str
    created_at: datetime
    last_run_at: datetime | None
    last_passed: bool | None


class AgentTestDetail(AgentTestView):
    """With its conversation and what the last run found."""

    history: list[TestLine]
    steps: list[TestStep] | None = Field(description="Of a test that was written by hand; null for one that was made of a conversation.")
    last_result: AgentTestResult | None


class AgentTestList(Reply):
    """Tests of an agent, oldest first."""

    tests: list[AgentTestView]


class AgentTestRun(Body):
    """Which tests to run; all of the agent's when left out."""

    test_ids: Annotated[list[_Word] | None, Field(max_length=200)] = None


class AgentTestsRan(Reply):
    """Results in the order of the tests."""

    passed: int
    failed: int
    results: list[AgentTestResult]
