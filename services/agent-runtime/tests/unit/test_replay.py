"""Proves K6: a recording goes through today's machine and engine; what differs is found and told, what is broken is refused."""

import json
from typing import Any

import pytest
from agent_runtime.conversation.call_recorder import CallRecorder, messages_digest
from agent_runtime.conversation.recording import FORMAT, Recording, from_json, packed, to_json, turn_event, unpacked
from agent_runtime.conversation.turns.events import Begin, PlayoutFinished, PlayoutStarted, ReplyEnded, ReplyKind, SpeechStarted, SpeechStopped, Tick
from agent_runtime.conversation.turns.machine import TurnMachine
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.providers.ports import Message, ToolCallRequest, Transcript
from agent_runtime.replay.difference import agrees
from agent_runtime.replay.fixture import fixture_text, recordings_in
from agent_runtime.replay.player import replay
from agent_runtime.stages import engine
from agent_runtime.stages.entries import Opened, Replied, RequestedCall, StageMoved, StepTaken, ToolFinished, ToolsRequested, UserSaid
from agent_runtime.stages.state import apply
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition, Transition
from callstage_domain.errors import CallerError
from callstage_domain.ids import AgentId, TenantId

AGENT = AgentSnapshot(
    tenant_id=TenantId("t"),
    agent_id=AgentId("shop"),
    deployment=2,
    settings=AgentSettings(display_name="Mia", greeting="Hello."),
    stages=(
        Stage(
            name="order", prompt="Sell.", tools=("buy",), transitions=(Transition(on_tool="buy", to_stage="pay", handover_message="Bought {item}."),)
        ),
        Stage(name="pay", prompt="Charge.", tools=("end_call",)),
    ),
    first_stage="order",
    tools={"buy": ToolDefinition(name="buy", kind="code", code="return {}")},
)


class Call:
    """A recorded call, played by hand."""

    def __init__(self) -> None:
        self.now_ms = 100.0
        self.recorder = CallRecorder(lambda: self.now_ms)
        self.machine: TurnMachine = self.recorder.machine(TurnPolicy(700), self.now_ms)
        self.state = engine.first_state(AGENT)

    def tell(self, event: Any, after_ms: float = 50.0) -> None:
        self.now_ms += after_ms
        self.machine.on(event, self.now_ms)

    def add(self, entry: Any) -> None:
        self.state = apply(self.state, entry)
        self.recorder.entry(entry)

    def recording(self) -> Recording:
        return from_json(to_json(self.recorder.recording("c1", AGENT, ())))


@pytest.fixture
def recording() -> Recording:
    call = Call()
    call.add(Opened(call_id="c1", at_ms=1.0))
    call.tell(Begin(ReplyKind.GREETING), 0)
    call.add(Replied(utterance="u1", text="Hello."))
    call.tell(PlayoutStarted())
    call.tell(ReplyEnded(1, 400.0))
    call.tell(PlayoutFinished(), 500)
    call.tell(SpeechStarted(), 300)
    call.tell(Transcript("a rose", is_final=False))
    call.tell(SpeechStopped(200.0, 1), 900)
    call.tell(Transcript("A rose please.", is_final=True, answers_finalize=True), 80)
    call.tell(Tick(), 1500)
    call.add(UserSaid(text="A rose please."))
    call.add(ToolsRequested(utterance="u2", calls=(RequestedCall(id="t1", name="buy", arguments_json="{}"),)))
    call.add(ToolFinished(tool_call_id="t1", name="buy", status="ok", content="{}", fields={"item": "rose"}))
    call.add(StageMoved(stage="pay", by_tool="buy", handover="Bought rose."))
    call.add(StepTaken(next="ask_model"))
    return call.recording()


def _changed(recording: Recording, change: Any) -> Recording:
    document = json.loads(to_json(recording))
    change(document)
    return from_json(json.dumps(document).encode())


def _item(document: dict[str, Any], name: str) -> list[Any]:
    return next(item for item in document["items"] if name in (item[2], item[0]) or (item[0] == "entry" and item[2]["kind"] == name))


def test_the_same_code_decides_the_same(recording: Recording) -> None:
    outcome = replay(recording)
    assert outcome.is_same
    # The greeting (machine and text), finalize, the answer, the tool's admission, the step.
    assert outcome.decisions >= 6


def test_a_recording_survives_packing_and_files(recording: Recording) -> None:
    assert from_json(unpacked(packed(recording))) == recording
    assert recordings_in(fixture_text([recording, recording]).encode()) == [recording, recording]
    reply = {"call_id": "c1", "parts": [{"started_at_ms": 0, "recording": json.loads(to_json(recording))}]}
    assert recordings_in(json.dumps(reply).encode()) == [recording]
    assert "code" not in json.dumps(recording.snapshot["tools"]["buy"]) or recording.snapshot["tools"]["buy"]["code"] is None


def test_another_effect_of_the_machine_is_told_with_its_moment(recording: Recording) -> None:
    def drop_finalize(document: dict[str, Any]) -> None:
        _item(document, "SpeechStopped")[4] = []

    (difference,) = replay(_changed(recording, drop_finalize)).differences
    assert (difference.what, difference.recorded, difference.after) == ("turns", "nothing", "SpeechStopped")
    assert "FinalizeStt" in difference.today
    assert difference.lines()[0].startswith("00:01.9")


@pytest.mark.parametrize(
    ("kind", "change", "what"),
    [
        ("tool_finished", {"error_code": "unknown_tool", "status": "failed"}, "tool buy in stage order"),
        ("stage_moved", {"stage": "order"}, "what follows from the tools"),
        ("step_taken", {"next": "say", "text": "Bought."}, "what follows from the tools"),
        ("replied", {"text": "Good morning."}, "the greeting"),
    ],
)
def test_another_decision_of_the_engine_is_told(recording: Recording, kind: str, change: dict[str, Any], what: str) -> None:
    changed = _changed(recording, lambda document: _item(document, kind)[2].update(change))
    assert what in [difference.what for difference in replay(changed).differences]


def test_what_is_newer_than_the_recording_is_no_difference(recording: Recording) -> None:
    def forget(document: dict[str, Any]) -> None:
        for item in document["items"]:
            if item[0] == "turn":
                for _, fields in item[4]:
                    fields.pop("times", None)
            elif item[2]["kind"] == "step_taken":
                del item[2]["next"], item[2]["text"]

    assert replay(_changed(recording, forget)).is_same
    assert agrees({"a": 1}, {"a": 1, "b": 2})
    assert not agrees({"a": 1, "b": 2}, {"a": 1})
    assert not agrees([1], [1, 2])


def test_another_agent_decides_by_its_own_stages_and_pace(recording: Recording) -> None:
    stages = (AGENT.stages[0].model_copy(update={"tools": ()}), AGENT.stages[1])
    hasty = AGENT.settings.model_copy(update={"greeting": "Hi.", "silence_threshold_ms": 3000})
    found = replay(recording, snapshot=AGENT.model_copy(update={"stages": stages, "settings": hasty})).differences
    assert {"tool buy in stage order", "the greeting", "turns"} <= {difference.what for difference in found}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no json", "not JSON"),
        (b"[]", "not the recording"),
        (b'{"parts": [{"items": []}]}', "not the recording"),
    ],
)
def test_what_is_no_recording_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(CallerError, match=message):
        recordings_in(data)


def test_what_a_newer_release_wrote_is_refused_in_words(recording: Recording) -> None:
    with pytest.raises(CallerError, match="format 99"):
        _changed(recording, lambda document: document.update(format=FORMAT + 98))
    with pytest.raises(CallerError, match="knows no turn event or effect 'MindRead'"):
        turn_event("MindRead", {})
    with pytest.raises(CallerError, match="Begin of the recording"):
        turn_event("Begin", {"reply": 7})
    with pytest.raises(CallerError, match="journal entry"):
        replay(_changed(recording, lambda document: _item(document, "replied")[2].update(kind="dreamt")))
    with pytest.raises(CallerError, match="damaged"):
        unpacked("AAAA")


def test_a_call_that_never_ends_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_runtime.conversation.call_recorder.MAX_ITEMS", 10)
    call = Call()
    call.tell(Begin(None), 0)
    for _ in range(30):
        call.tell(Tick())
    recording = call.recording()
    assert recording.is_cut
    assert len(recording.items) == 10
    assert replay(recording).is_same


def test_the_digest_sees_every_part_of_a_history() -> None:
    one = (Message("user", "hi"), Message("assistant", "", (ToolCallRequest("t1", "buy", "{}"),)), Message("tool", "ok", tool_call_id="t1"))
    others = [
        (Message("user", "hi!"), *one[1:]),
        (one[0], Message("assistant", "", (ToolCallRequest("t1", "sell", "{}"),)), one[2]),
        (*one[:2], Message("tool", "ok", tool_call_id="t2")),
        one[:2],
    ]
    assert messages_digest(one) == messages_digest(tuple(one))
    assert len({messages_digest(one), *(messages_digest(other) for other in others)}) == 5
