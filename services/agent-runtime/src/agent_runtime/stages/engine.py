"""Which tools a stage offers, and what follows when tools have run (rules S1 to S3, T2, B1, B2, W2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from callstage_domain.agent import AgentSnapshot, Stage, ToolDefinition
from callstage_domain.builtin_tools import END_CALL, LEAVE_VOICEMAIL, TRANSFER_TO_HUMAN, standard_tool
from callstage_domain.call import EndedReason
from callstage_domain.variables import render

from agent_runtime.providers.ports import LlmRequest, Message, ToolCallRequest, ToolSpec
from agent_runtime.stages.entries import EndRequested, Entry, StageMoved, ToolFinished
from agent_runtime.stages.history import for_model
from agent_runtime.stages.prompt import system_prompt
from agent_runtime.stages.state import ConversationState

MAX_TOOL_ROUNDS = 5
"""Per turn of the caller; then the model has to answer with what it has."""
_ENDING = frozenset({END_CALL, TRANSFER_TO_HUMAN, LEAVE_VOICEMAIL})
_OPENING = Message("user", "[The call is connected.]")


@dataclass(frozen=True, slots=True)
class Step:
    """What follows: `entries` to record, then ask the model again, say `text`, stay silent, or end."""

    next: Literal["ask_model", "say", "stay_silent", "end"]
    entries: tuple[Entry, ...] = ()
    text: str = ""


def first_state(snapshot: AgentSnapshot) -> ConversationState:
    """Where every conversation of an agent begins."""
    return ConversationState(stage=snapshot.first_stage)


def current_stage(snapshot: AgentSnapshot, state: ConversationState) -> Stage:
    """The stage the conversation is in; the first one when a re-deployed agent has lost it."""
    return snapshot.stage(state.stage) or snapshot.stage(snapshot.first_stage) or Stage(name=state.stage)


def tool_of(snapshot: AgentSnapshot, name: str) -> ToolDefinition | None:
    """The tool of that name, the agent's own before the standard ones."""
    return snapshot.tools.get(name) or standard_tool(name)


def offered_tools(snapshot: AgentSnapshot, state: ConversationState) -> tuple[ToolDefinition, ...]:
    """The current stage's tools in their order (rule S1)."""
    found = (tool_of(snapshot, name) for name in current_stage(snapshot, state).tools)
    return tuple(tool for tool in found if tool is not None)


def llm_request(snapshot: AgentSnapshot, state: ConversationState, *, today: date, is_opening: bool = False, offers_tools: bool = True) -> LlmRequest:
    """What the model is asked now."""
    settings = snapshot.settings.llm
    messages = for_model(state.lines)
    tools = offered_tools(snapshot, state) if offers_tools and not is_opening else ()
    return LlmRequest(
        system=system_prompt(snapshot, state, today=today, is_opening=is_opening),
        messages=messages or (_OPENING,),
        tools=tuple(ToolSpec(tool.name, tool.description, tool.parameters) for tool in tools),
        model=settings.model,
        temperature=settings.temperature,
        thinking_level=settings.thinking_level,
        options=settings.options,
    )


def refusal(snapshot: AgentSnapshot, state: ConversationState, call: ToolCallRequest) -> ToolFinished | None:
    """The outcome of a call that the stage does not allow (rule S3), None when it does."""
    allowed = [tool.name for tool in offered_tools(snapshot, state)]
    if call.name in allowed:
        return None
    known = ", ".join(allowed) or "none"
    return ToolFinished(
        tool_call_id=call.id,
        name=call.name,
        status="failed",
        content=f"Error: the tool '{call.name}' is not available at this point of the conversation. Available tools: {known}.",
        error_code="unknown_tool",
    )


def has_transition(snapshot: AgentSnapshot, state: ConversationState, names: Sequence[str]) -> bool:
    """True when one of these tools moves the conversation on, or ends it: then the calls run one after the other."""
    moving = {transition.on_tool for transition in current_stage(snapshot, state).transitions} | _ENDING
    return any(name in moving for name in names)


def after_tools(snapshot: AgentSnapshot, state: ConversationState, outcomes: Sequence[ToolFinished]) -> Step:
    """What follows from the outcomes of one batch, in the order of the calls."""
    ending = next((outcome for outcome in outcomes if outcome.status == "ok" and outcome.name in _ENDING), None)
    if ending is not None:
        return Step("end", (_end(ending),))
    moved = _transition(snapshot, state, outcomes)
    if moved is not None:
        return Step("ask_model", (moved,))
    if any(outcome.status != "ok" and not outcome.speech for outcome in outcomes):
        return Step("ask_model")
    speech = [outcome.speech for outcome in outcomes if outcome.speech and outcome.run_llm is not False]
    if speech and len(speech) == len(outcomes):
        return Step("say", text=" ".join(speech))
    if outcomes and all(outcome.run_llm is False for outcome in outcomes):
        return Step("stay_silent")
    return Step("ask_model")


def _transition(snapshot: AgentSnapshot, state: ConversationState, outcomes: Sequence[ToolFinished]) -> StageMoved | None:
    stage = current_stage(snapshot, state)
    for outcome in outcomes:
        for transition in stage.transitions:
            if outcome.status == "ok" and transition.on_tool == outcome.name and snapshot.stage(transition.to_stage) is not None:
                values = {**state.variables.merged(), **outcome.fields}
                handover = render(transition.handover_message or "", values, request_names=state.request_names)
                return StageMoved(stage=transition.to_stage, by_tool=outcome.name, handover=handover)
    return None


def _end(outcome: ToolFinished) -> EndRequested:
    reason, summary = str(outcome.fields.get("reason", "")), str(outcome.fields.get("summary", ""))
    if outcome.name == END_CALL:
        return EndRequested(reason=EndedReason.AGENT_ENDED, summary=summary)
    if outcome.name == LEAVE_VOICEMAIL:
        return EndRequested(reason=EndedReason.AGENT_ENDED, voicemail={"reason": reason, "greeting": str(outcome.fields.get("greeting", ""))})
    transfer = {"reason": reason, "department": str(outcome.fields.get("department", "")), "summary": summary}
    return EndRequested(reason=EndedReason.TRANSFERRED, transfer=transfer, summary=summary)
