"""Proves S7 in part: where sentences end, in ten languages, however the text comes in; and that nothing of it is lost."""

import re
import time

import pytest
from agent_runtime.conversation.sentences import MAX_SENTENCE_CHARS, SentenceSplitter
from hypothesis import given
from hypothesis import strategies as st

from .sentence_cases import CASES

_TOKEN = re.compile(r"\.[^\W\d]\w*|\s?\w+|\s?[^\w\s]+|\s+")
"""About what a language model streams."""


def cut(deltas: list[str], language: str) -> list[str]:
    splitter = SentenceSplitter(language)
    return [sentence for delta in deltas for sentence in splitter.push(delta)] + splitter.flush()


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150
    assert len({language for language, _ in CASES}) >= 4


@pytest.mark.parametrize(("language", "marked"), CASES)
def test_sentences_end_at_the_bars(language: str, marked: str) -> None:
    text = marked.replace("|", "" if language in ("zh", "ja") else " ")
    assert cut([text], language) == marked.split("|")
    assert cut(_TOKEN.findall(text), language) == marked.split("|")


ALL_TEXTS = [(language, marked.replace("|", "" if language in ("zh", "ja") else " ")) for language, marked in CASES]


@given(st.data())
def test_no_chunking_loses_anything(data: st.DataObject) -> None:
    language, text = data.draw(st.sampled_from(ALL_TEXTS))
    edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    deltas = [text[start:end] for start, end in zip([0, *edges], [*edges, len(text)], strict=True)]
    assert _solid("".join(cut(deltas, language))) == _solid(text)


@given(st.lists(st.text("aB1.,!?…。 \n\"'()*é¿😀:/@-", max_size=9), max_size=25), st.sampled_from(["", "en", "de", "es", "fr", "zh"]))
def test_put_together_the_sentences_are_the_text(deltas: list[str], language: str) -> None:
    text = "".join(deltas)
    sentences = cut(deltas, language)
    if any(char.isalnum() for char in text):
        assert _solid("".join(sentences)) == _solid(text)
    else:
        assert sentences == []
    assert all(sentences)


def test_most_sentences_leave_without_waiting_for_what_follows() -> None:
    for text in (
        "We are open today.",
        "I can't.",
        "Let us do it.",
        "C'est ça.",
        "Come in!",
        "Is that fine?",
        "Das ist gut.",
        "Está bien.",
        "C'est parti !",
        "你好。",
    ):
        splitter = SentenceSplitter("en")
        assert splitter.push(text) == [text]


def test_only_what_could_go_on_waits() -> None:
    for text in ("Ask Dr.", "That is 3.", "Visit example.", "See https://a.b/c?", "Hmm...", 'He said "Stop."', "In the U.S.", "I said no."):
        assert SentenceSplitter("en").push(text) == [], text


@pytest.mark.parametrize("seed", ["a", ".", "1.", "Dr. ", "\n", " ", "a\n", "?!", "。", "😀", "a ", "www.", "z. B. ", ", "])
def test_hostile_text_takes_time_in_proportion_and_gives_short_pieces(seed: str) -> None:
    took: list[float] = []
    for size in (10_000, 40_000):
        text = (seed * (size // len(seed) + 1))[:size]
        began = time.thread_time()
        sentences = cut([text], "de")
        took.append(time.thread_time() - began)
        assert all(len(sentence) <= MAX_SENTENCE_CHARS for sentence in sentences[:-1])
    # Four times the text; a quadratic algorithm takes sixteen times as long.
    assert took[1] < 10 * took[0] + 0.5


def test_a_monologue_without_a_full_stop_is_spoken_all_the_same() -> None:
    words = "word " * 500
    sentences = cut([words], "en")
    assert max(map(len, sentences)) <= MAX_SENTENCE_CHARS
    assert " ".join(sentences) == words.strip()


def _solid(text: str) -> str:
    return "".join(text.split())
