"""Proves S7 in part, and that history holds what was heard: word times are kept in the text as it was written, in the journal, too."""

import pytest
from agent_runtime.conversation.spoken_text import reading
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.conversation.word_track import WordTrack
from agent_runtime.providers.ports import SpokenWord
from agent_runtime.stages.entries import SentenceMade, SentencePlanned, entry_json, parse_entry
from agent_runtime.stages.history import heard_text
from agent_runtime.stages.state import ConversationState, fold
from hypothesis import given
from hypothesis import strategies as st

TEXT = "**Your total** is $12.50, Dr. Smith."
SPOKEN = "Your total is twelve dollars and fifty cents, Doctor Smith."


def vendor_words(text: str, word_ms: float = 100.0) -> tuple[SpokenWord, ...]:
    """Every word lasts as long as any other."""
    words: list[SpokenWord] = []
    for number, word in enumerate(text.split()):
        end = text.index(word, words[-1].until_character if words else 0) + len(word)
        words.append(SpokenWord(word, number * word_ms, (number + 1) * word_ms, end))
    return tuple(words)


@pytest.mark.parametrize(
    ("heard_ms", "expected"),
    [
        (0, ""),
        (99, ""),
        (100, "**Your"),
        (250, "**Your total**"),
        (300, "**Your total** is"),
        (799, "**Your total** is"),
        (800, "**Your total** is $12.50,"),
        (900, "**Your total** is $12.50, Dr."),
        (1000, TEXT),
    ],
)
def test_a_number_was_heard_when_its_last_word_was(heard_ms: float, expected: str) -> None:
    said = reading(TEXT, "en")
    assert said.text == SPOKEN
    track = WordTrack(said)
    track.take(vendor_words(SPOKEN))
    assert heard_text([TEXT], [1000.0], heard_ms, [track.complete(1000.0)]) == expected


def test_words_come_in_pieces_and_what_goes_back_is_not_believed() -> None:
    track = WordTrack(reading("One two three.", "en"))
    words = vendor_words("One two three.")
    track.take(words[:2])
    assert track.marks() == ((100, 3), (200, 7))
    track.take((SpokenWord("two", 50.0, 60.0, 7), *words[2:]))
    assert track.marks() == ((100, 3), (200, 7), (300, 14))


def test_without_word_times_a_changed_sentence_is_measured_by_what_is_spoken() -> None:
    track = WordTrack(reading("Code S00042, please.", "en"))
    marks = track.complete(4000.0)
    assert marks[-1] == (4000, len("Code S00042, please."))
    assert heard_text(["Code S00042, please."], [4000.0], 2000.0, [marks]) == "Code"
    assert WordTrack(reading("Nothing changes here.", "en")).complete(1000.0) == ()


def test_times_never_exceed_the_audio() -> None:
    track = WordTrack(reading("One two.", "en"))
    track.take(vendor_words("One two.", 800.0))
    assert track.complete(1200.0) == ((800, 3), (1200, 8))


@given(
    st.lists(st.sampled_from(["$5", "**hi**", "Dr.", "3.5", "well", "[x](y)", "😀", "okay,"]), min_size=1, max_size=9),
    st.floats(0, 2000),
    st.booleans(),
)
def test_what_was_heard_is_a_beginning_and_grows(pieces: list[str], heard_ms: float, tells_words: bool) -> None:
    text = " ".join(pieces)
    said = reading(text, "en")
    track = WordTrack(said)
    if tells_words:
        track.take(vendor_words(said.text))
    duration_ms = 100.0 * len(said.text.split())
    marks = track.complete(duration_ms)
    heard = heard_text([text], [duration_ms], heard_ms, [marks])
    assert text.startswith(heard)
    assert len(heard_text([text], [duration_ms], heard_ms + 150, [marks])) >= len(heard)


def test_of_a_sentence_in_the_making_no_more_was_heard_than_was_made() -> None:
    utterance = Utterance("u", "talk", sentences=["One two three four five six seven eight."], partial_ms=300.0)
    utterance.track = WordTrack(reading(utterance.sentences[0], "en"))
    assert utterance.text_heard(300.0) == "One"
    utterance.track.take(vendor_words(utterance.sentences[0]))
    assert utterance.text_heard(300.0) == "One two three"
    assert utterance.text_heard(9000.0) == "One two three"


def test_another_process_cuts_at_the_same_word() -> None:
    track = WordTrack(reading(TEXT, "en"))
    track.take(vendor_words(SPOKEN))
    made = SentenceMade(utterance="u", index=0, duration_ms=1000.0, words=track.complete(1000.0))
    stored = parse_entry(entry_json(made))
    state = fold(ConversationState("talk"), [SentencePlanned(utterance="u", text=TEXT), stored])
    spoken = state.speech[0]
    live = Utterance("u", "talk", sentences=[TEXT], durations_ms=[1000.0], words=[track.complete(1000.0)])
    for heard_ms in range(0, 1000, 50):
        assert heard_text(spoken.sentences, spoken.durations_ms, heard_ms, spoken.words) == live.text_heard(heard_ms)


def test_journals_of_an_older_release_still_count_in_proportion() -> None:
    old = parse_entry(b'{"kind":"made","utterance":"u","index":0,"duration_ms":1000}')
    state = fold(ConversationState("talk"), [SentencePlanned(utterance="u", text="One two three four."), old])
    spoken = state.speech[0]
    assert heard_text(spoken.sentences, spoken.durations_ms, 500, spoken.words) == "One two"
