"""Proves C5 T8 S2 V4 (failure table: agent-runtime killed): killed at every write of the journal, a call of six turns goes on as if nothing had been.

No tool runs twice, no turn is lost or answered twice; at most what was being said at the death is heard twice.
"""

from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos.one_call.script import FILLER, FINAL_STAGE, TURNS
from tests.chaos.one_call.world import Told, hold_call

_FILLERS = frozenset({FILLER})
_GAP_LIMIT_S = 3.0
"""By how much a call may get longer through one death: the rest of a sentence is said again, or the pause before hanging up begins anew."""


@cache
def undisturbed() -> Told:
    """The same call without a death."""
    return hold_call()


def differences(told: Told, deaths: int) -> list[str]:
    """What the caller, the backend and the records would have noticed; empty: nothing."""
    plain = undisturbed()
    found = [
        f"{name}: {got!r} instead of {wanted!r}"
        for name, got, wanted in (
            ("ended", told.ended_by, plain.ended_by),
            ("effects", told.effects, plain.effects),
            ("turns", told.said_by_caller, plain.said_by_caller),
            ("stage", told.state.stage, plain.state.stage),
            ("variables", dict(told.state.variables.session), dict(plain.state.variables.session)),
            ("sentences", told.order(_FILLERS), plain.order(_FILLERS)),
            ("logged errors", told.errors, []),
        )
        if got != wanted
    ]
    if told.seconds > plain.seconds + deaths * _GAP_LIMIT_S:
        found.append(f"{told.seconds - plain.seconds:.1f} s longer")
    frames = Counter[str]()
    for sentence, heard in told.heard:
        frames[sentence] += heard
    repeats = [sentence for sentence, heard in frames.items() if heard >= 2 * len(sentence)]
    if len(repeats) > 2 * deaths:
        found.append(f"said twice: {repeats}")
    return found


def test_the_undisturbed_call_is_what_it_should_be() -> None:
    told = undisturbed()
    assert told.ended_by == "agent_ended"
    assert told.said_by_caller == [turn.says for turn in TURNS]
    assert told.effects == ["look_up", "price_order", "take_payment", "save_address", "tell_driver"]
    assert told.state.stage == FINAL_STAGE
    assert dict(told.state.variables.session) == {"total": 12, "paid": True, "address": "old mill"}
    assert (FILLER, len(FILLER)) in told.heard
    assert "Shall I order it?" not in told.order(_FILLERS), "the caller cut in before it"
    assert told.writes > 40


@pytest.mark.parametrize("is_stored", [False, True], ids=["before", "after"])
@pytest.mark.blocking_allowed
def test_a_runtime_killed_at_any_write_is_not_noticed(is_stored: bool) -> None:
    noticed: dict[int, list[str]] = {}
    survivors = 0
    for number in range(1, undisturbed().writes + 1):
        told = hold_call(frozenset({(number, is_stored)}))
        survivors += told.writers == 1
        if found := differences(told, 1):
            noticed[number] = found
    assert noticed == {}
    # Only the last write comes when the line is closed and nobody has to go on.
    assert survivors <= 1


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.lists(st.floats(0.05, 16.0), min_size=1, max_size=2))
def test_a_runtime_killed_at_any_moment_is_not_noticed(moments_s: list[float]) -> None:
    assert differences(hold_call(runtime_dies_at=moments_s), len(moments_s)) == []


@settings(max_examples=12, derandomize=True, deadline=None)
@given(st.sets(st.tuples(st.integers(1, 90), st.booleans()), min_size=2, max_size=4))
def test_several_deaths_in_one_call_are_not_noticed_either(kills: set[tuple[int, bool]]) -> None:
    assert differences(hold_call(frozenset(kills)), len(kills)) == []
