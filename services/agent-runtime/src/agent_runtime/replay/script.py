"""A conversation that a person wrote down, step by step, through the stage engine: the model's choices and the tools' results are given."""

import json
from typing import Annotated, Any, Literal, assert_never

from callstage_domain.agent import AgentSnapshot
from pydantic import BaseModel, ConfigDict, Field

from agent_runtime.providers.ports import ToolCallRequest
from agent_runtime.replay.difference import Difference, shown
from agent_runtime.replay.player import Outcome
from agent_runtime.stages import engine
from agent_runtime.stages.entries import EndRequested, Opened, RequestedCall, StepTaken, ToolFinished, ToolsRequested, ToolStatus, UserSaid
from agent_runtime.stages.state import ConversationState, apply


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Says(_Step):
    """The caller says something."""

    kind: Literal["says"] = "says"
    text: str


class Calls(_Step):
    """The model calls a tool, and this is its result."""

    kind: Literal["calls"] = "calls"
    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])
    result: dict[str, Any] = Field(default_factory=dict[str, Any])
    status: ToolStatus = "ok"


class InStage(_Step):
    """The conversation is in that stage now."""

    kind: Literal["stage"] = "stage"
    stage: str


class Ends(_Step):
    """The agent ends the call, or hands it over."""

    kind: Literal["ends"] = "ends"
    reason: str


Step = Annotated[Says | Calls | InStage | Ends, Field(discriminator="kind")]


def play(steps: tuple[Step, ...], snapshot: AgentSnapshot) -> Outcome:
    """What the steps expect against what the engine decides; `index` of a difference counts steps from 0."""
    state = apply(engine.first_state(snapshot), Opened(call_id="test", at_ms=0))
    decisions, found = 0, list[Difference]()
    for index, step in enumerate(steps):

        def differs(what: str, recorded: object, today: object, *, place: int = index) -> None:
            found.append(Difference(place, 0.0, what, shown(recorded), shown(today), f"step {place + 1}"))

        match step:
            case Says():
                state = apply(state, UserSaid(text=step.text))
            case Calls():
                decisions += 1
                state, refused = _called(snapshot, state, step, f"call_{index}")
                if refused:
                    differs(f"tool {step.tool} in stage {state.stage}", "run", "refused in this stage")
            case InStage():
                decisions += 1
                if state.stage != step.stage:
                    differs("the stage", step.stage, state.stage)
            case Ends():
                decisions += 1
                today = state.ending.reason if state.ending else "goes on"
                if today != step.reason:
                    differs("the end", step.reason, today)
            case _:
                assert_never(step)
    return Outcome(decisions, tuple(found))


def _called(snapshot: AgentSnapshot, state: ConversationState, step: Calls, call_id: str) -> tuple[ConversationState, bool]:
    arguments = json.dumps(step.arguments)
    state = apply(state, ToolsRequested(calls=(RequestedCall(id=call_id, name=step.tool, arguments_json=arguments),)))
    refused = engine.refusal(snapshot, state, ToolCallRequest(call_id, step.tool, arguments))
    given = step.arguments if step.tool in _BUILTIN_FIELDS else step.result
    fields = {name: value for name, value in given.items() if not name.startswith("_") and isinstance(value, (str, int, float, bool))}
    outcome = refused or ToolFinished(tool_call_id=call_id, name=step.tool, status=step.status, content=json.dumps(step.result), fields=fields)
    state = apply(state, outcome)
    for entry in engine.after_tools(snapshot, state, (outcome,)).entries:
        ends = entry if isinstance(entry, EndRequested) else None
        state = apply(state, ends or entry)
    return apply(state, StepTaken()), refused is not None


_BUILTIN_FIELDS = frozenset({"end_call", "transfer_to_human"})
"""Built-in tools give back what they were called with."""
