"""Proves A2: what interruption_sensitivity means in speech, words and loudness."""

import pytest
from callstage_domain.interruption import BargeInRule, barge_in_rule
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("sensitivity", "speech_ms", "words", "margin_db"),
    [(0.01, 788, 3, 14.8), (0.25, 500, 2, 10.5), (0.45, 260, 1, 6.9), (0.5, 200, 0, 6.0), (0.75, 150, 0, 4.5), (1.0, 100, 0, 3.0)],
)
def test_what_cuts_the_agent_off(sensitivity: float, speech_ms: float, words: int, margin_db: float) -> None:
    rule = barge_in_rule(sensitivity, 200)
    assert rule is not None
    assert rule.min_speech_ms == pytest.approx(speech_ms)
    assert rule.min_words == words
    assert rule.margin_db == pytest.approx(margin_db, abs=0.05)


def test_zero_is_never() -> None:
    assert barge_in_rule(0.0, 200) is None


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_more_sensitive_never_asks_for_more(one: float, other: float) -> None:
    low, high = barge_in_rule(min(one, other), 200), barge_in_rule(max(one, other), 200)
    assert isinstance(low, BargeInRule)
    assert isinstance(high, BargeInRule)
    assert (high.min_speech_ms, high.min_words, high.margin_db) <= (low.min_speech_ms, low.min_words, low.margin_db)
