"""Proves D4: an earlier turn of a conversation can be said again; what was before it stands, and nothing of it runs or is said twice."""

from agent_runtime.journal.fork import before_turn, call_of_turn, user_turns
from agent_runtime.stages.entries import (
    Entry,
    Heard,
    Hinted,
    Opened,
    Overheard,
    Preloaded,
    Progress,
    Replied,
    RequestedCall,
    SentencePlanned,
    StageMoved,
    StepTaken,
    ToolFinished,
    ToolsRequested,
    UserSaid,
)
from agent_runtime.stages.state import ConversationState, fold

BOUGHT = ToolFinished(tool_call_id="t1", name="buy", status="ok", content="{}", fields={"item": "rose"}, session={"item": "rose"})
JOURNAL: list[Entry] = [
    Opened(call_id="c1", agent_id="shop", at_ms=1.0, metadata={"caller_phone": "+1555"}),
    Preloaded(tool="crm", variables={"name": "Ada"}),
    SentencePlanned(utterance="u1", text="Hello."),
    Replied(utterance="u1", text="Hello."),
    Progress(utterance="u1", heard_ms=100.0),
    Heard(utterance="u1", text="Hello."),
    Overheard(text="A rose"),
    UserSaid(text="A rose please."),
    ToolsRequested(utterance="u2", text="One moment.", calls=(RequestedCall(id="t1", name="buy", arguments_json="{}"),)),
    BOUGHT,
    StageMoved(stage="pay", by_tool="buy", handover="Bought."),
    StepTaken(next="ask_model"),
    Heard(utterance="u2", text="One moment."),
    SentencePlanned(utterance="u3", text="Ten dollars it is."),
    Replied(utterance="u3", text="Ten dollars it is."),
    Overheard(text="Hmm"),
    UserSaid(text="Too much."),
    Heard(utterance="u3", text="Ten dollars", was_cut=True),
    SentencePlanned(utterance="u4", text="Nine then."),
    Heard(utterance="u4", text="Nine then."),
]


def _state(entries: list[Entry] | None) -> ConversationState:
    assert entries is not None
    return fold(ConversationState(stage="order"), entries)


def test_before_the_first_turn_stands_the_greeting_and_what_was_loaded() -> None:
    state = _state(before_turn(JOURNAL, 0))
    assert (state.stage, state.user_turns, [line.message.content for line in state.lines]) == ("order", 0, ["Hello."])
    assert state.variables.preload == {"name": "Ada"}
    assert state.overheard is None


def test_a_later_turn_keeps_stage_variables_and_what_was_really_heard() -> None:
    state = _state(before_turn(JOURNAL, 1))
    assert (state.stage, state.user_turns, state.batch, state.speech) == ("pay", 1, None, ())
    assert state.variables.session == {"item": "rose"}
    said = [line.message.content for line in state.lines if line.message.role == "assistant"]
    assert said == ["Hello.", "One moment.", "Ten dollars"], "cut where the caller cut in, though that was told after his turn"


def test_tools_that_ran_into_the_turn_have_their_outcome() -> None:
    journal = [*JOURNAL[:9], UserSaid(text="And quickly."), *JOURNAL[9:13]]
    state = _state(before_turn(journal, 1))
    assert (state.batch, state.stage) == (None, "pay")
    assert state.lines[-1].message.role == "tool"


def test_tools_that_were_asked_for_by_the_turn_itself_are_left_out() -> None:
    kept = before_turn(JOURNAL, 0)
    assert kept is not None
    assert not [entry for entry in kept if isinstance(entry, ToolFinished | StageMoved)]


def test_turns_that_are_not_there() -> None:
    assert before_turn(JOURNAL, 2) is None
    assert before_turn(JOURNAL, -1) is None
    assert before_turn([], 0) is None
    assert user_turns(JOURNAL) == ["A rose please.", "Too much."]


def test_the_call_of_a_turn_is_known_in_a_session_of_many() -> None:
    again = [*JOURNAL, Opened(call_id="c2", agent_id="shop", at_ms=2.0), UserSaid(text="Back.")]
    found = [call_of_turn(again, turn) for turn in (0, 1, 2, 3)]
    assert [opened.call_id if opened else None for opened in found] == ["c1", "c1", "c2", None]


def test_hints_belong_to_their_call() -> None:
    state = _state([*JOURNAL, *(Hinted(text=f"hint {number}") for number in range(7))])
    assert state.hints == tuple(f"hint {number}" for number in range(2, 7)), "the newest"
    assert _state([*JOURNAL, Hinted(text="x"), Opened(call_id="c2", at_ms=2.0)]).hints == ()
