"""Proves C5 T8 (fold) and the rule that the history holds what was heard: journal entries → state, pending work, messages for the model."""

from agent_runtime.journal.fold import has_begun, pending
from agent_runtime.providers.ports import Message, ToolCallRequest
from agent_runtime.stages.entries import (
    Ended,
    EndRequested,
    Entry,
    Heard,
    Opened,
    Progress,
    Replied,
    RequestedCall,
    SentenceMade,
    SentencePlanned,
    StageMoved,
    StepTaken,
    ToolFinished,
    ToolsRequested,
    UserSaid,
    entry_json,
    parse_entry,
)
from agent_runtime.stages.history import for_model, heard_text
from agent_runtime.stages.state import ConversationState, Line, fold
from hypothesis import given
from hypothesis import strategies as st

START = ConversationState(stage="main")
OPENED = Opened(call_id="c", at_ms=1.0)
CALL = RequestedCall(id="t1", name="book", arguments_json="{}", vendor_state=b"\x00\xff")


def said(utterance: str, *sentences: str, made: int = 99, complete: bool = True) -> list[Entry]:
    entries: list[Entry] = []
    for index, sentence in enumerate(sentences):
        entries.append(SentencePlanned(utterance=utterance, text=sentence))
        if index < made:
            entries.append(SentenceMade(utterance=utterance, index=index, duration_ms=1000))
    if complete:
        entries.append(Replied(utterance=utterance, text=" ".join(sentences)))
    return entries


def test_entries_survive_storage() -> None:
    entry = ToolsRequested(utterance="u", text="x", calls=(CALL,))
    assert parse_entry(entry_json(entry)) == entry


def test_words_are_cut_in_proportion() -> None:
    sentences, durations = ["One two three four.", "Five six."], [1000.0, 1000.0]
    assert heard_text(sentences, durations, 500) == "One two"
    assert heard_text(sentences, durations, 1500) == "One two three four. Five"
    assert heard_text(sentences, durations, 0) == ""
    assert heard_text(sentences, durations, 9000) == "One two three four. Five six."


@given(st.lists(st.tuples(st.text("ab ", min_size=1, max_size=20), st.floats(0, 5000)), max_size=5), st.floats(0, 30_000))
def test_what_was_heard_is_always_the_beginning(sentences: list[tuple[str, float]], heard_ms: float) -> None:
    texts = [text for text, _ in sentences]
    heard = heard_text(texts, [duration for _, duration in sentences], heard_ms).split()
    assert " ".join(texts).split()[: len(heard)] == heard


def test_an_interrupted_answer_is_cut_in_the_history() -> None:
    state = fold(
        START, [OPENED, UserSaid(text="hi"), *said("u", "We open at nine.", "And close at six."), Heard(utterance="u", text="We open", was_cut=True)]
    )
    assert [line.message.content for line in state.lines] == ["hi", "We open"]
    assert state.speech == ()


def test_an_answer_nobody_heard_leaves_the_history_and_the_turn_open() -> None:
    state = fold(START, [OPENED, UserSaid(text="hi"), *said("u", "Hello."), Heard(utterance="u", text="", was_cut=True)])
    assert [line.message.content for line in state.lines] == ["hi"]
    assert state.awaits_answer


def test_a_cut_before_the_model_was_done_keeps_what_was_heard() -> None:
    state = fold(START, [OPENED, UserSaid(text="hi"), *said("u", "Hello.", complete=False), Heard(utterance="u", text="Hello.", was_cut=True)])
    assert [line.message.role for line in state.lines] == ["user", "assistant"]
    assert not state.awaits_answer


def test_pending_an_unanswered_turn_is_answered() -> None:
    left = pending(fold(START, [OPENED, UserSaid(text="hi")]))
    assert left.answers
    assert not left.is_nothing


def test_pending_an_answer_that_nobody_heard_begins_anew() -> None:
    left = pending(fold(START, [OPENED, UserSaid(text="hi"), *said("u", "Hello", complete=False)]), utterance="u", heard_ms=0)
    assert left.answers
    assert left.speak == ()


def test_pending_tools_run_again_under_their_own_id() -> None:
    state = fold(START, [OPENED, UserSaid(text="book"), ToolsRequested(calls=(CALL,))])
    left = pending(state)
    assert left.runs_tools
    assert not left.answers
    assert state.batch is not None
    assert state.batch.missing == (ToolCallRequest("t1", "book", "{}", b"\x00\xff"),)


def test_pending_a_finished_tool_only_takes_its_effect() -> None:
    done = ToolFinished(tool_call_id="t1", name="book", status="ok", content="{}")
    state = fold(START, [OPENED, UserSaid(text="book"), ToolsRequested(calls=(CALL,)), done])
    assert state.batch is not None
    assert state.batch.missing == ()
    assert pending(state).runs_tools
    after = fold(state, [StageMoved(stage="paid", by_tool="book"), StepTaken()])
    left = pending(after)
    assert not left.runs_tools
    assert left.answers
    assert after.stage == "paid"


def test_pending_the_rest_of_a_known_answer_is_said_from_the_cut_sentence() -> None:
    state = fold(START, [OPENED, UserSaid(text="hi"), *said("u", "One.", "Two.", "Three.")])
    assert pending(state, utterance="u", heard_ms=1300).speak == ("Two.", "Three.")
    assert pending(state, utterance="u", heard_ms=3000).is_nothing
    assert pending(state).speak == ("One.", "Two.", "Three.")


def test_pending_uses_the_journals_own_progress_when_the_gateway_was_lost() -> None:
    state = fold(START, [OPENED, *said("u", "One.", "Two."), Progress(utterance="u", heard_ms=1200)])
    assert pending(state).speak == ("Two.",)


def test_pending_what_played_before_the_reported_utterance_was_heard() -> None:
    state = fold(START, [OPENED, *said("a", "One."), *said("b", "Two.", "Three.")])
    left = pending(state, utterance="b", heard_ms=500)
    assert left.speak == ("Two.", "Three.")


def test_pending_a_sentence_without_audio_is_said_again() -> None:
    state = fold(START, [OPENED, *said("u", "One.", "Two.", made=1)])
    assert pending(state, utterance="u", heard_ms=1500).speak == ("Two.",)


def test_pending_an_agreed_end_still_ends() -> None:
    state = fold(START, [OPENED, UserSaid(text="bye"), EndRequested(reason="agent_ended"), *said("u", "Bye."), Heard(utterance="u", text="Bye.")])
    left = pending(state)
    assert left.ending is not None
    assert not left.answers


def test_a_heard_conversation_has_nothing_pending() -> None:
    state = fold(START, [OPENED, UserSaid(text="hi"), *said("u", "One."), Heard(utterance="u", text="One.")])
    assert pending(state).is_nothing
    assert state.turns == 2
    assert fold(state, [Ended(reason="x")]).is_over


def test_a_conversation_has_begun_with_its_first_words() -> None:
    assert not has_begun([OPENED])
    assert has_begun([OPENED, UserSaid(text="x")])


def test_the_model_gets_every_result_right_behind_its_call() -> None:
    call = ToolCallRequest("t1", "book", "{}")
    other = ToolCallRequest("t2", "pay", "{}")
    lines = [
        Line(Message("user", "book")),
        Line(Message("assistant", "", tool_calls=(call, other))),
        Line(Message("user", "quick")),
        Line(Message("user", "please")),
        Line(Message("tool", "done", tool_call_id="t1", tool_name="book")),
        Line(Message("assistant", "")),
    ]
    messages = for_model(lines)
    assert [message.role for message in messages] == ["user", "assistant", "tool", "tool", "user"]
    assert messages[2].content == "done"
    assert "not finished" in messages[3].content
    assert messages[4].content == "quick please"


def test_a_long_history_begins_with_a_question() -> None:
    lines = [Line(Message("user" if index % 2 == 0 else "assistant", str(index))) for index in range(200)]
    messages = for_model(lines, limit=51)
    assert messages[0].role == "user"
    assert messages[-1].content == "199"
    assert len(messages) <= 51
