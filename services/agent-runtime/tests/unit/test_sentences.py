"""Proves S7 in part: sentences are cut early and never inside a number, an abbreviation or an address."""

import pytest
from agent_runtime.conversation.sentences import SentenceSplitter
from hypothesis import given
from hypothesis import strategies as st


def cut(*deltas: str) -> list[str]:
    splitter = SentenceSplitter()
    return [sentence for delta in deltas for sentence in splitter.push(delta)] + splitter.flush()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello there. How are you?", ["Hello there.", "How are you?"]),
        ("Dr. Smith is in. He waits.", ["Dr. Smith is in.", "He waits."]),
        ("It costs 3.5 dollars. Fine?", ["It costs 3.5 dollars.", "Fine?"]),
        ("See www.example.com/a.b or mail a.b@example.com. Thanks!", ["See www.example.com/a.b or mail a.b@example.com.", "Thanks!"]),
        ("We open at 9 a.m. on Monday. Good.", ["We open at 9 a.m. on Monday.", "Good."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("One\nTwo\n", ["One", "Two"]),
        ("Wait... what? Yes!", ["Wait... what?", "Yes!"]),
        ("J. R. Smith called.", ["J. R. Smith called."]),
        ("...", []),
    ],
)
def test_cutting(text: str, sentences: list[str]) -> None:
    assert cut(text) == sentences


def test_a_sentence_leaves_the_moment_it_is_complete() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("We are open") == []
    assert splitter.push(" today.") == ["We are open today."]
    assert splitter.push(" Come in!") == ["Come in!"]


def test_a_number_waits_for_what_follows() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("That is 3.") == []
    assert splitter.push("5 dollars") == []
    assert splitter.flush() == ["That is 3.5 dollars"]


def test_the_first_clause_may_leave_early_but_only_the_first() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("Thank you very much for calling us again today, I see") == ["Thank you very much for calling us again today,"]
    assert splitter.push(" your order is on its way to you right now, so please wait") == []


def test_a_short_clause_waits() -> None:
    assert SentenceSplitter().push("Sure, I can") == []


@given(st.lists(st.text("aB1.,!? \n", max_size=8), max_size=20))
def test_nothing_is_lost_or_changed(deltas: list[str]) -> None:
    words = "".join(char for char in "".join(deltas) if char.isalnum())
    assert "".join(char for char in "".join(cut(*deltas)) if char.isalnum()) == words
