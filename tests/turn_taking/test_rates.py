"""Proves A2 (interruption_sensitivity) over the corpus: at most 2 % of what is no interruption stops the agent, at most 3 % of callers are missed."""

import pytest

from tests.turn_taking.rates import MOST_FALSE, MOST_MISSED, Rates, measure, table


@pytest.fixture(scope="module")
def rates() -> Rates:
    return measure("test")


def _wrong(rates: Rates) -> str:
    return table(rates) + "\n" + "\n".join(f"{one.scene.label}: {one.scene.name}" for one in rates.wrong)


def test_false_interruptions_are_rare(rates: Rates) -> None:
    assert rates.false_rate <= MOST_FALSE, _wrong(rates)


def test_missed_interruptions_are_rare(rates: Rates) -> None:
    assert rates.missed_rate <= MOST_MISSED, _wrong(rates)


def test_the_corpus_is_large_enough_for_these_numbers(rates: Rates) -> None:
    nothing, somebody = rates.of("back_channel", "noise", "echo"), rates.of("interruption", "answer", "double_talk")
    assert len(nothing) >= 200
    assert len(somebody) >= 200


def test_an_echo_does_not_even_make_the_agent_pause(rates: Rates) -> None:
    echoes = rates.of("echo")
    assert sum(one.pauses > 0 for one in echoes) <= 0.1 * len(echoes), _wrong(rates)


def test_who_speaks_up_is_heard_at_once(rates: Rates) -> None:
    median_ms, late_ms = rates.silenced_ms(0.5), rates.silenced_ms(0.95)
    assert median_ms is not None
    assert median_ms <= 250
    assert late_ms is not None
    assert late_ms <= 400
