"""Proves C5 S2 on speech-to-speech models: a vendor's own conversation is made to agree with the history, whatever it holds."""

from agent_runtime.providers.ports import Message, ToolCallRequest
from agent_runtime.providers.realtime_mirror import Difference, Known, Wanted, difference, wanted_of
from hypothesis import given
from hypothesis import strategies as st

CALL = ToolCallRequest("c1", "order", "{}")


def known(*items: tuple[str, str]) -> list[Known]:
    return [Known(f"i{at}", kind, text, audio_ms=600.0 if kind == "assistant" else 0.0) for at, (kind, text) in enumerate(items)]  # type: ignore[arg-type]


def wanted(*messages: tuple[str, str]) -> list[Wanted]:
    return wanted_of([Message(role, text) for role, text in messages])  # type: ignore[arg-type]


def ids(found: Difference) -> list[str]:
    return [item.id if isinstance(item, Known) else f"+{item.text}" for item in found.sequence]


def test_nothing_to_do() -> None:
    held = known(("user", "Two pizzas, please."), ("assistant", "Of course!"))
    assert difference(held, wanted(("user", "two pizzas please"), ("assistant", "Of course"))).is_nothing


def test_a_greeting_is_put_in_front_and_typed_words_behind() -> None:
    found = difference(known(("user", "hi")), wanted(("assistant", "Hello."), ("user", "hi"), ("user", "[keypad: 5]")))
    assert ids(found) == ["+Hello.", "i0", "+[keypad: 5]"]


def test_a_turn_of_several_pieces_and_the_answers_begun_between_them() -> None:
    held = known(("user", "my number is"), ("assistant", "Sure, go"), ("user", "five five five"), ("assistant", "Thanks."))
    found = difference(held, wanted(("user", "My number is five five five."), ("assistant", "Thanks.")))
    assert ids(found) == ["i0", "i2", "i3"]
    assert [item.id for item in found.dropped] == ["i1"]


def test_two_turns_alike_are_not_taken_for_one() -> None:
    held = known(("user", "yes please"), ("assistant", "Good."), ("user", "yes"))
    assert difference(held, wanted(("user", "Yes, please."), ("assistant", "Good."), ("user", "Yes."))).is_nothing


def test_the_unheard_end_is_cut_and_the_unheard_whole_dropped() -> None:
    held = known(("user", "tell me"), ("assistant", "First. Second."), ("user", "stop"), ("assistant", "Never heard."))
    found = difference(held, wanted(("user", "tell me"), ("assistant", "First."), ("user", "stop")))
    assert [(item.id, text) for item, text in found.cut] == [("i1", "First.")]
    assert [item.id for item in found.dropped] == ["i3"]


def test_text_cannot_be_cut_in_the_middle() -> None:
    held = [Known("i0", "assistant", "First. Second.")]
    found = difference(held, wanted(("assistant", "First.")))
    assert ids(found) == ["+First."]
    assert [item.id for item in found.dropped] == ["i0"]


def test_calls_and_results_are_known_by_their_ids() -> None:
    history = wanted_of([Message("assistant", "", (CALL,)), Message("tool", "{}", (), "c1", "order")])
    held = [Known("i0", "call", key="c1"), Known("i1", "call", key="c2")]
    found = difference(held, history)
    assert ids(found) == ["i0", "+{}"]
    assert [item.id for item in found.dropped] == ["i1"]


def test_an_outcome_takes_the_place_of_one_that_was_not_there_yet() -> None:
    history = wanted_of([Message("assistant", "", (CALL,)), Message("tool", '{"total": 12}', (), "c1", "order")])
    found = difference([Known("i0", "call", key="c1"), Known("i1", "result", "not finished", "c1")], history)
    assert ids(found) == ["i0", '+{"total": 12}']
    assert [item.id for item in found.dropped] == ["i1"]


def test_what_is_being_said_stays() -> None:
    held = [*known(("user", "hi")), Known("now", "user", is_open=True)]
    found = difference(held, wanted(("user", "hi"), ("assistant", "Hello.")))
    assert ids(found) == ["i0", "+Hello.", "now"]


def test_the_beginning_that_a_long_history_has_lost_is_left_alone() -> None:
    lines = [("user" if at % 2 else "assistant", f"line {at} number {at * at}") for at in range(60)]
    found = difference(known(*lines), wanted(*lines[12:]))
    assert found.is_nothing
    assert len(found.sequence) == 60


_TEXTS = st.sampled_from(["yes", "no", "yes please", "one two three", "one two", ""])
_ITEMS = st.lists(st.tuples(st.sampled_from(["user", "assistant"]), _TEXTS), max_size=8)


@given(_ITEMS, _ITEMS)
def test_the_result_is_always_the_history(held: list[tuple[str, str]], history: list[tuple[str, str]]) -> None:
    items, wants = known(*held), wanted(*history)
    found = difference(items, wants)
    assert [item.kind for item in found.sequence if not isinstance(item, Known) or item.kind == "assistant"].count("assistant") == len(
        [want for want in wants if want.kind == "assistant"]
    )
    kept = [item for item in found.sequence if isinstance(item, Known)]
    assert len({item.id for item in kept + found.dropped}) == len(items)
    assert [item.id for item in kept] == [item.id for item in items if item in kept]
