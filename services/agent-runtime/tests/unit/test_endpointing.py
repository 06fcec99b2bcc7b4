"""Proves A2's silence_threshold_ms and X2: what the caller's words and voice do to the wait, in four languages, within the documented bounds."""

import pytest
from agent_runtime.conversation.turns.endpointing import Endpointer, Pace
from hypothesis import given
from hypothesis import strategies as st

THRESHOLD_MS = 700


@pytest.mark.parametrize(
    ("language", "text", "pace", "reason"),
    [
        ("en", "What are your opening hours?", Pace.QUICK, "question"),
        ("en-US", "Can I have two pizzas, please?", Pace.QUICK, "question"),
        ("en", "What?", Pace.USUAL, "silence"),
        ("en", "I would like to check my order.", Pace.BRISK, "sentence"),
        ("en", "Yes please.", Pace.BRISK, "answer"),
        ("en", "yes it is", Pace.BRISK, "answer"),
        ("en", "two large pizzas", Pace.USUAL, "silence"),
        ("en", "Two pizzas and", Pace.PATIENT, "unfinished"),
        ("en", "I'd like that because.", Pace.PATIENT, "unfinished"),
        ("en", "My number is", Pace.PATIENT, "unfinished"),
        ("en", "My address is, ", Pace.PATIENT, "unfinished"),
        ("en", "well...", Pace.PATIENT, "unfinished"),
        ("en", "It is for", Pace.PATIENT, "unfinished"),
        ("en", "That is what it is for.", Pace.BRISK, "sentence"),
        ("en", "Uhm.", Pace.PATIENT, "hesitation"),
        ("en", "My number is 030 12", Pace.PATIENT, "unfinished number"),
        ("en", "five five five", Pace.PATIENT, "unfinished number"),
        ("en", "My reference number is 17.", Pace.PATIENT, "unfinished number"),
        ("en", "My reference number is 48211.", Pace.BRISK, "sentence"),
        ("en", "My number is 555-010-0199.", Pace.BRISK, "sentence"),
        ("en", "Tomorrow at 7:30.", Pace.BRISK, "sentence"),
        ("en", "I would like to order two.", Pace.BRISK, "sentence"),
        ("en", "Is it 555 0199?", Pace.QUICK, "question"),
        ("es", "¿A qué hora abren?", Pace.QUICK, "question"),
        ("es", "quiero una pizza y", Pace.PATIENT, "unfinished"),
        ("es", "mi número es seis tres", Pace.PATIENT, "unfinished number"),
        ("es", "sí por favor", Pace.BRISK, "answer"),
        ("es", "eh", Pace.PATIENT, "hesitation"),
        ("fr", "Vous ouvrez quand ?", Pace.QUICK, "question"),
        ("fr", "je voudrais une", Pace.PATIENT, "unfinished"),
        ("fr", "zéro six douze", Pace.USUAL, "silence"),
        ("fr", "zéro six", Pace.PATIENT, "unfinished number"),
        ("fr", "euh", Pace.PATIENT, "hesitation"),
        ("de", "Wann haben Sie geöffnet?", Pace.QUICK, "question"),
        ("de-AT", "Ich möchte einen Tisch für", Pace.PATIENT, "unfinished"),
        ("de", "Meine Kundennummer ist 12", Pace.PATIENT, "unfinished number"),
        ("de", "ähm", Pace.PATIENT, "hesitation"),
        ("de", "nein danke", Pace.BRISK, "answer"),
        ("multi", "und", Pace.PATIENT, "unfinished"),
        ("multi", "pero", Pace.PATIENT, "unfinished"),
        ("nl", "en", Pace.USUAL, "silence"),
        ("nl", "Wat kost dat?", Pace.QUICK, "question"),
        ("ja", "いつ開きますか。", Pace.USUAL, "silence"),
    ],
)
def test_words_set_the_pace(language: str, text: str, pace: Pace, reason: str) -> None:
    wait = Endpointer(THRESHOLD_MS, language).wait(text)
    assert (wait.pace, wait.reason) == (pace, reason)


@pytest.mark.parametrize(
    ("threshold_ms", "quick_ms", "brisk_ms", "patient_ms"),
    [(200, 200, 200, 500), (300, 200, 225, 600), (700, 350, 525, 1400), (3000, 1500, 2250, 4500)],
)
def test_bounds_of_the_wait(threshold_ms: float, quick_ms: float, brisk_ms: float, patient_ms: float) -> None:
    endpointer = Endpointer(threshold_ms)
    assert endpointer.wait("Are you open?").ms == quick_ms
    assert endpointer.wait("I am a sentence.").ms == brisk_ms
    assert endpointer.wait("and").ms == patient_ms
    assert endpointer.wait("").ms == threshold_ms
    assert Endpointer(threshold_ms, is_adaptive=False).wait("Are you open?").ms == threshold_ms


@given(st.text(max_size=60), st.sampled_from(["en", "es", "fr", "de", "multi", "nl", ""]), st.none() | st.floats(0, 1), st.integers(200, 3000))
def test_no_text_leaves_the_bounds(text: str, language: str, probability: float | None, threshold_ms: int) -> None:
    endpointer = Endpointer(threshold_ms, language)
    wait = endpointer.wait(text, probability)
    assert max(min(200, threshold_ms), threshold_ms / 2) <= wait.ms <= threshold_ms + 1500
    assert wait.reason
    assert isinstance(endpointer.is_worth_asking(text, 200, "always"), bool)


@pytest.mark.parametrize(
    ("text", "probability", "pace", "reason"),
    [
        ("I would like to check my order.", 0.93, Pace.QUICK, "model 0.93"),
        ("I would like to check my order", 0.93, Pace.USUAL, "silence"),
        ("I would like to check my order", 0.99, Pace.USUAL, "silence"),
        ("I would like to check my order.", 0.5, Pace.BRISK, "sentence"),
        ("I would like to check my order.", 0.05, Pace.PATIENT, "model 0.05"),
        ("Are you open?", 0.01, Pace.QUICK, "question"),
        ("My number is", 0.99, Pace.PATIENT, "unfinished"),
    ],
)
def test_the_model_decides_where_the_words_do_not(text: str, probability: float, pace: Pace, reason: str) -> None:
    wait = Endpointer(THRESHOLD_MS).wait(text, probability)
    assert (wait.pace, wait.reason) == (pace, reason)


def test_the_model_is_asked_only_where_it_can_change_something() -> None:
    endpointer = Endpointer(THRESHOLD_MS)
    sentence = "I would like to check my order."
    assert endpointer.is_worth_asking(sentence, 200, "always")
    assert not endpointer.is_worth_asking(sentence, 200, "patience"), "only to answer sooner"
    assert not endpointer.is_worth_asking(sentence, 480, "always"), "the wait is nearly over"
    for use in ("patience", "always"):
        assert endpointer.is_worth_asking("two pizzas", 200, use)
        assert not endpointer.is_worth_asking("two pizzas", 650, use), "the wait is nearly over"
        assert not endpointer.is_worth_asking("Are you open?", 200, use), "quick already"
        assert not endpointer.is_worth_asking("and", 200, use), "the words say no"
        assert not endpointer.is_worth_asking("", 200, use)
        assert not Endpointer(200).is_worth_asking("two pizzas", 200, use), "no time is left"
        assert not Endpointer(THRESHOLD_MS, is_adaptive=False).is_worth_asking("two pizzas", 200, use)
    assert not endpointer.is_worth_asking("two pizzas", 200, "off")


def test_an_endpointer_that_is_asked_again_and_again_judges_what_it_is_asked_now() -> None:
    endpointer = Endpointer(THRESHOLD_MS)
    text = "I would like to check my order."
    paces = [endpointer.wait(text, probability).pace for probability in (None, None, 0.93, 0.93, None)]
    assert paces == [Pace.BRISK, Pace.BRISK, Pace.QUICK, Pace.QUICK, Pace.BRISK]
    assert endpointer.wait("Two pizzas and").pace is Pace.PATIENT
