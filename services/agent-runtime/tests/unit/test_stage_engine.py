"""Proves S1 S2 S3 S7 A3 T2 B1 B2 P3 V1 V4 V5: stages, transitions, prompts, and what follows from tools."""

from datetime import date
from typing import Any

import pytest
from agent_runtime.providers.ports import ToolCallRequest
from agent_runtime.stages import engine
from agent_runtime.stages.entries import (
    EndRequested,
    LookedUp,
    Opened,
    Preloaded,
    Replied,
    RequestedCall,
    StageMoved,
    ToolFinished,
    ToolsRequested,
    UserSaid,
)
from agent_runtime.stages.prompt import MAX_DATA_CHARS, data_block, system_prompt
from agent_runtime.stages.state import ConversationState, fold
from agent_runtime.stages.variables_read import opening_reads_lookup
from callstage_domain.agent import AgentSettings, AgentSnapshot, LlmSettings, Stage, ToolDefinition, Transition
from callstage_domain.ids import AgentId, TenantId

TODAY = date(2026, 11, 20)


def snapshot(**changes: Any) -> AgentSnapshot:
    values: dict[str, Any] = {
        "tenant_id": TenantId("t1"),
        "agent_id": AgentId("shop"),
        "deployment": 1,
        "settings": AgentSettings(display_name="Mia", company="Flora", system_prompt="You are kind to {name|the caller}."),
        "first_stage": "order",
        "stages": (
            Stage(
                name="order",
                prompt="Take the order of {name|someone}.",
                tools=("place_order", "end_call"),
                transitions=(Transition(on_tool="place_order", to_stage="payment", handover_message="Order placed. Total: {total}."),),
            ),
            Stage(name="payment", prompt="Take the payment.", tools=("pay", "transfer_to_human")),
        ),
        "tools": {
            "place_order": ToolDefinition(name="place_order", kind="code"),
            "pay": ToolDefinition(name="pay", kind="code"),
        },
    }
    return AgentSnapshot(**{**values, **changes})


def finished(name: str, **changes: Any) -> ToolFinished:
    return ToolFinished.model_validate({"tool_call_id": "c1", "name": name, "status": "ok", "content": "{}", **changes})


def opened(**changes: Any) -> Opened:
    return Opened.model_validate({"call_id": "call", "at_ms": 0, "metadata": {"caller_phone": "+1555", "name": "meta"}, **changes})


def test_only_the_tools_of_the_stage_are_offered() -> None:
    shot = snapshot()
    state = engine.first_state(shot)
    assert [tool.name for tool in engine.llm_request(shot, state, today=TODAY).tools] == ["place_order", "end_call"]
    moved = fold(state, [StageMoved(stage="payment", by_tool="place_order")])
    assert [tool.name for tool in engine.llm_request(shot, moved, today=TODAY).tools] == ["pay", "transfer_to_human"]


def test_a_tool_of_another_stage_is_refused_and_the_model_is_told() -> None:
    shot = snapshot()
    refused = engine.refusal(shot, engine.first_state(shot), ToolCallRequest("c1", "pay", "{}"))
    assert refused is not None
    assert refused.status == "failed"
    assert "place_order, end_call" in refused.content
    assert engine.refusal(shot, engine.first_state(shot), ToolCallRequest("c1", "place_order", "{}")) is None


def test_a_completed_tool_moves_the_conversation_and_hands_over() -> None:
    shot = snapshot()
    state = fold(engine.first_state(shot), [opened(), UserSaid(text="a rose please")])
    step = engine.after_tools(shot, state, [finished("place_order", fields={"total": 12.5})])
    assert step.next == "ask_model"
    assert step.entries == (StageMoved(stage="payment", by_tool="place_order", handover="Order placed. Total: 12.5."),)
    moved = fold(state, list(step.entries))
    assert moved.lines == state.lines
    prompt = system_prompt(shot, moved, today=TODAY)
    assert "Order placed. Total: 12.5." in prompt
    assert "Take the payment." in prompt
    assert "Take the order" not in prompt
    assert "Order placed" not in system_prompt(shot, fold(moved, [Replied(utterance="u", text="Done")]), today=TODAY)


def test_a_failed_tool_does_not_move_the_conversation() -> None:
    shot = snapshot()
    step = engine.after_tools(shot, engine.first_state(shot), [finished("place_order", status="failed")])
    assert step == engine.Step("ask_model")


@pytest.mark.parametrize(
    ("run_llm", "tool", "expected"),
    [(None, "pay", "ask_model"), (True, "pay", "ask_model"), (False, "pay", "stay_silent"), (False, "place_order", "ask_model")],
)
def test_run_llm(run_llm: bool | None, tool: str, expected: str) -> None:
    shot = snapshot()
    assert engine.after_tools(shot, engine.first_state(shot), [finished(tool, run_llm=run_llm)]).next == expected


def test_the_sentence_of_a_webhook_is_said_unless_the_stage_changes() -> None:
    shot = snapshot()
    state = engine.first_state(shot)
    assert engine.after_tools(shot, state, [finished("pay", speech="Sent.")]) == engine.Step("say", text="Sent.")
    assert engine.after_tools(shot, state, [finished("pay", status="failed", speech="Trouble.")]).text == "Trouble."
    assert engine.after_tools(shot, state, [finished("place_order", speech="Sent.")]).next == "ask_model"


def test_end_call_and_transfer_end_the_conversation() -> None:
    shot = snapshot()
    state = engine.first_state(shot)
    ended = engine.after_tools(shot, state, [finished("end_call", fields={"reason": "caller_goodbye", "summary": "ok"})])
    assert ended.entries == (EndRequested(reason="agent_ended", summary="ok"),)
    handed = engine.after_tools(shot, state, [finished("transfer_to_human", fields={"reason": "angry", "department": "sales"})])
    assert handed.next == "end"
    assert isinstance(handed.entries[0], EndRequested)
    assert handed.entries[0].transfer == {"reason": "angry", "department": "sales", "summary": ""}
    assert fold(state, [*ended.entries, UserSaid(text="wait")]).ending is None


def test_an_agent_without_stages_of_its_own_is_one_stage() -> None:
    shot = snapshot(stages=(Stage(name="main", tools=("pay",)),), first_stage="main")
    request = engine.llm_request(shot, engine.first_state(shot), today=TODAY)
    assert [tool.name for tool in request.tools] == ["pay"]
    assert request.system.startswith("You are kind to the caller.")


def test_variable_sources_win_in_their_order_whatever_arrives_first() -> None:
    state = fold(
        ConversationState(stage="order"),
        [
            ToolFinished(tool_call_id="x", name="t", status="ok", content="", session={"e": "session"}),
            Preloaded(tool="p", variables={"d": "preload", "e": "preload"}),
            LookedUp(values={"name": "lookup", "c": "lookup", "d": "lookup"}),
            opened(request={"c": "request"}),
        ],
    )
    merged = state.variables.merged()
    assert merged == {"caller_phone": "+1555", "name": "lookup", "c": "request", "d": "preload", "e": "session"}


def test_request_variables_are_read_in_double_braces_too() -> None:
    shot = snapshot(settings=AgentSettings(display_name="Mia", system_prompt="{{vip}} {{other}}"))
    state = fold(engine.first_state(shot), [opened(request={"vip": "gold"})])
    assert system_prompt(shot, state, today=TODAY).startswith("gold {other}")


def test_voice_rules_only_on_the_phone() -> None:
    state = engine.first_state(snapshot())
    assert "phone call" in system_prompt(snapshot(), state, today=TODAY)
    assert "phone call" not in system_prompt(snapshot(channel="chat"), state, today=TODAY)


def test_preload_data_is_fenced_and_cut_to_size() -> None:
    block = data_block({"orders": {"items": [{"n": i, "note": "```x" * 5} for i in range(2000)]}, "small": {"a": [1]}})
    assert len(block) < MAX_DATA_CHARS + 300
    assert block.count("```") == 2
    assert '"small"' in block
    assert data_block({}) == ""


def test_opening_reads_lookup() -> None:
    assert opening_reads_lookup(snapshot(settings=AgentSettings(display_name="M", greeting="Hi {name|you}")))
    assert not opening_reads_lookup(snapshot(settings=AgentSettings(display_name="M", greeting="Hi {to_number}")))
    assert opening_reads_lookup(snapshot())


def test_the_last_round_offers_no_tools() -> None:
    shot = snapshot()
    assert engine.llm_request(shot, engine.first_state(shot), today=TODAY, offers_tools=False).tools == ()


def test_moving_tools_run_one_after_the_other() -> None:
    shot = snapshot()
    state = engine.first_state(shot)
    assert engine.has_transition(shot, state, ["pay", "place_order"])
    assert engine.has_transition(shot, state, ["end_call"])
    assert not engine.has_transition(shot, state, ["pay"])


def test_a_batch_keeps_the_order_of_its_calls() -> None:
    calls = tuple(RequestedCall(id=name, name=name, arguments_json="{}") for name in ("a", "b"))
    state = fold(
        ConversationState(stage="order"),
        [ToolsRequested(calls=calls), finished("b", tool_call_id="b"), finished("a", tool_call_id="a")],
    )
    assert state.batch is not None
    assert [outcome.name for outcome in state.batch.in_order()] == ["a", "b"]
    assert state.batch.missing == ()


def test_the_agents_options_of_the_model_travel_with_the_request() -> None:
    options = {"api": "responses", "service_tier": "priority"}
    shot = snapshot(settings=AgentSettings(display_name="Mia", llm=LlmSettings(provider="openai", options=options)))
    assert engine.llm_request(shot, engine.first_state(shot), today=TODAY).options == options
    assert engine.llm_request(snapshot(), engine.first_state(snapshot()), today=TODAY).options == {}
