"""Proves D6 K6: a kept conversation is held against a draft; another way is told from other words, and what cannot be read is refused."""

import json
import zlib
from typing import Any

import pytest
from agent_runtime.conversation.call_recorder import CallRecorder
from agent_runtime.conversation.recording import from_json, to_json
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.replay.difference import Difference
from agent_runtime.replay.kept import KeptConversation, of_journal, unpacked
from agent_runtime.replay.summary import summary
from agent_runtime.replay.verdict import WAYS, check, in_words, judge, kind_of
from agent_runtime.stages.entries import (
    Ended,
    EndRequested,
    Entry,
    Heard,
    Opened,
    RequestedCall,
    StageMoved,
    StepTaken,
    ToolFinished,
    ToolsRequested,
    UserSaid,
)
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition, Transition
from callstage_domain.errors import CallerError
from callstage_domain.ids import AgentId, TenantId


def agent(*, tools: tuple[str, ...] = ("buy",), to_stage: str = "pay", handover: str = "Bought {item}.", prompt: str = "Sell.") -> AgentSnapshot:
    return AgentSnapshot(
        tenant_id=TenantId("t"),
        agent_id=AgentId("shop"),
        deployment=0,
        settings=AgentSettings(display_name="Mia"),
        stages=(
            Stage(name="order", prompt=prompt, tools=tools, transitions=(Transition(on_tool="buy", to_stage=to_stage, handover_message=handover),)),
            Stage(name="pay", prompt="Charge.", tools=("end_call",)),
            Stage(name="wrap", prompt="Wrap.", tools=("end_call",)),
        ),
        first_stage="order",
        tools={"buy": ToolDefinition(name="buy", kind="code", code="return {}")},
    )


def _called(call_id: str, name: str, fields: dict[str, Any]) -> list[Entry]:
    return [
        ToolsRequested(calls=(RequestedCall(id=call_id, name=name, arguments_json="{}"),)),
        ToolFinished(tool_call_id=call_id, name=name, status="ok", content="{}", fields=fields),
    ]


ENTRIES: list[Entry] = [
    Opened(call_id="c1", at_ms=1.0),
    UserSaid(text="A rose please."),
    *_called("t1", "buy", {"item": "rose"}),
    StageMoved(stage="pay", by_tool="buy", handover="Bought rose."),
    StepTaken(next="ask_model"),
    Heard(utterance="u1", text="Ten dollars."),
    UserSaid(text="Bye."),
    *_called("t2", "end_call", {"reason": "done"}),
    EndRequested(reason="agent_ended"),
    StepTaken(next="end"),
    Ended(reason="agent_ended"),
]


@pytest.fixture
def kept() -> KeptConversation:
    return unpacked(of_journal(ENTRIES, "s1", agent()).packed())


def _kinds(kept: KeptConversation, draft: AgentSnapshot) -> set[str]:
    return {remark.kind for remark in judge(kept, draft).remarks}


def test_the_same_agent_goes_the_same_way(kept: KeptConversation) -> None:
    verdict = judge(kept, agent())
    assert (verdict.total, verdict.remarks) == (0, ())
    assert verdict.decisions >= 4


def test_another_stage_and_a_lost_tool_are_another_way(kept: KeptConversation) -> None:
    assert "stage" in _kinds(kept, agent(to_stage="wrap"))
    assert "tool" in _kinds(kept, agent(tools=("other",)))
    stays = agent().model_copy(update={"stages": (*agent().stages[:1], Stage(name="pay", tools=()), agent().stages[2])})
    assert _kinds(kept, stays) == {"tool"}, "what was recorded goes on deciding what happens next"


def test_what_follows_from_tools_is_told_in_words(kept: KeptConversation) -> None:
    (stage,) = [remark.difference for remark in judge(kept, agent(to_stage="wrap")).remarks if remark.kind == "stage"]
    assert (stage.recorded, stage.today) == ("moves to the stage pay, telling: Bought rose.", "moves to the stage wrap, telling: Bought rose.")
    stays = agent().model_copy(update={"stages": (agent().stages[0].model_copy(update={"transitions": ()}), *agent().stages[1:])})
    (gone,) = [remark.difference for remark in judge(kept, stays).remarks if remark.kind == "stage"]
    assert gone.today == "stays in its stage"
    long = Difference(0, 0.0, "what follows from the tools", '{"entries": [ …', '{"entries": [], "next": "say", "text": "Done."}')
    assert (in_words(long).recorded, in_words(long).today) == ('{"entries": [ …', "stays in its stage; says: Done.")


def test_other_words_are_told_and_are_no_other_way(kept: KeptConversation) -> None:
    found = _kinds(kept, agent(handover="You took {item}."))
    assert found == {"words"}
    assert not found & WAYS


def test_a_prompt_that_was_asked_with_is_told_and_is_no_other_way() -> None:
    recorder = CallRecorder(lambda: 5.0)
    recorder.machine(TurnPolicy(700), 0.0)
    for entry in ENTRIES[:2]:
        recorder.entry(entry)
    document = json.loads(to_json(recorder.recording("c1", agent(), ())))
    document["items"].append(["asked", 6.0, {"system": 0, "messages": "x", "tools": ["buy"], "today": "2026-01-02"}])
    document["prompts"] = ["Sell."]
    kept = KeptConversation(parts=(from_json(json.dumps(document).encode()),))
    assert _kinds(kept, agent(prompt="Sell more.")) == {"prompt"}


def test_what_changes_the_way_comes_first(kept: KeptConversation) -> None:
    remarks = judge(kept, agent(handover="Other.", to_stage="wrap", tools=("other",))).remarks
    places = [remark.kind in WAYS for remark in remarks]
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize(
    ("what", "kind"),
    [("turns", "timing"), ("the tools offered", "prompt"), ("the greeting", "words"), ("tool x in stage y", "tool"), ("the stage", "stage")],
)
def test_kinds(what: str, kind: str) -> None:
    assert kind_of(Difference(0, 0.0, what, "", "")) == kind


STEPS = [
    {"kind": "says", "text": "A rose please."},
    {"kind": "calls", "tool": "buy", "result": {"item": "rose"}},
    {"kind": "stage", "stage": "pay"},
    {"kind": "calls", "tool": "end_call", "arguments": {"reason": "done"}},
    {"kind": "ends", "reason": "agent_ended"},
]


def _written(steps: list[dict[str, Any]]) -> KeptConversation:
    return unpacked(zlib.compress(json.dumps({"steps": steps}).encode()))


def test_steps_written_by_hand_expect_stages_and_ends() -> None:
    kept = _written(STEPS)
    assert judge(kept, agent()).total == 0
    assert unpacked(kept.packed()) == kept
    assert kept.without_people() is kept
    lost = {remark.difference.what: remark.kind for remark in judge(kept, agent(tools=())).remarks}
    assert lost == {"tool buy in stage order": "tool", "the stage": "stage", "tool end_call in stage order": "tool", "the end": "outcome"}
    (only,) = judge(kept, agent(to_stage="wrap")).remarks
    assert (only.kind, only.difference.recorded, only.difference.today, only.difference.after) == ("stage", "pay", "wrap", "step 3")


def test_a_failed_tool_does_not_move_the_conversation() -> None:
    failing = [STEPS[0], {**STEPS[1], "status": "failed"}, {"kind": "stage", "stage": "order"}]
    assert judge(_written(failing), agent()).total == 0


def test_summaries_tell_what_it_is_about(kept: KeptConversation) -> None:
    told = summary(kept)
    assert (told["user_turns"], told["stages"], told["tools"], told["ended_reason"]) == (2, ["pay"], ["buy", "end_call"], "agent_ended")
    assert [line["text"] for line in told["history"] if line["kind"] == "said"] == ["A rose please.", "Ten dollars.", "Bye."]
    assert summary(_written(STEPS))["tools"] == ["buy", "end_call"]


@pytest.mark.parametrize(
    "data",
    [b"", b"no zlib", zlib.compress(b"{}"), zlib.compress(b'{"parts": []}'), zlib.compress(b'{"steps": [{"kind": "flies"}]}'), zlib.compress(b"[1]")],
)
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(CallerError):
        unpacked(data)


def test_a_test_without_decisions_proves_nothing() -> None:
    with pytest.raises(CallerError, match="expect nothing of the agent"):
        judge(_written([STEPS[0]]), agent())
    with pytest.raises(CallerError, match="depends on the agent"):
        check(of_journal(ENTRIES[:2], "s1", agent()), agent())
    check(of_journal(ENTRIES, "s1", agent()), agent())
