"""Proves C5 K8 (failure table: media-gateway killed, rolling deploy): a call goes on over the resume URL, and so does what the caller is saying."""

import asyncio
from collections.abc import Callable

import pytest

from tests.chaos.one_call.script import TURNS
from tests.chaos.one_call.senses import PAUSE_FRAMES, WORD_FRAMES
from tests.chaos.one_call.world import World, hold_call
from tests.chaos.test_kill_points import differences, undisturbed

_OUTAGE_FRAMES = 18
"""Nobody hears the caller for so long: the carrier's way to the next socket, and the ticks around it."""
_NOTICED_FRAMES = 12
"""Less speech than this is no speech for a voice activity model."""
_WORD = WORD_FRAMES + PAUSE_FRAMES


class _Death:
    """True once, in the n-th frame of a turn of the caller."""

    def __init__(self, turn: int, frame: int) -> None:
        self._turn, self._left = turn, frame
        self.happened = False

    def __call__(self, world: World) -> bool:
        if self.happened or world.caller.turns_spoken <= self._turn:
            return False
        self._left -= 1
        self.happened = self._left < 0
        return self.happened


def _once_at(moment_s: float) -> Callable[[World], bool]:
    """True once, at that time of the call."""
    due_s = moment_s

    def is_time(world: World) -> bool:
        nonlocal due_s
        if asyncio.get_running_loop().time() < due_s:
            return False
        due_s = float("inf")
        return True

    return is_time


@pytest.mark.parametrize("turn", [0, 3])
@pytest.mark.blocking_allowed
def test_a_gateway_killed_while_the_caller_speaks_loses_only_what_nobody_heard(turn: int) -> None:
    words = TURNS[turn].says.split()
    frames = len(words) * _WORD - PAUSE_FRAMES
    for died in range(4, frames, 4):
        told = hold_call(gateway_dies=_Death(turn, died))
        said = " ".join(told.said_by_caller[turn:]).split()
        back = died + _OUTAGE_FRAMES
        heard_before = [word for index, word in enumerate(words) if index * _WORD + WORD_FRAMES <= died]
        heard_after = [word for index, word in enumerate(words) if index * _WORD >= back and frames - back >= _NOTICED_FRAMES]
        kept = [word for word in said if word in heard_before + heard_after]
        assert kept[: len(heard_before + heard_after)] == heard_before + heard_after, f"killed in frame {died}: understood {said}"
        assert told.gateways == 2
        assert told.said_by_caller[:turn] == [one.says for one in TURNS[:turn]]


@pytest.mark.blocking_allowed
def test_a_gateway_killed_while_the_caller_is_silent_is_not_noticed() -> None:
    moments = [half / 2 for half in range(1, int(undisturbed().seconds * 2))]
    quiet = [moment for moment in moments if all(not (start - 0.6 < moment < end + 0.3) for start, end in undisturbed().spoke)]
    assert len(quiet) > 5
    for moment_s in quiet:
        told = hold_call(gateway_dies=_once_at(moment_s))
        assert differences(told, 1) == [], f"killed after {moment_s} s"
        assert told.gateways == 2


@pytest.mark.blocking_allowed
def test_a_runtime_that_is_cut_off_writes_nothing_and_runs_nothing_once_another_one_has_the_call() -> None:
    for half in range(1, int(undisturbed().seconds * 2)):
        is_time = _once_at(half / 2)

        def cuts(world: World, is_time: Callable[[World], bool] = is_time) -> bool:
            if is_time(world):
                world.cut_runtime_off()
            return False

        told = hold_call(gateway_dies=cuts)
        assert differences(told, 1) == [], f"cut off after {half / 2} s"
        assert told.writers == 2


@pytest.mark.blocking_allowed
def test_a_drained_runtime_hands_its_call_over_unnoticed_whenever_it_is_told_to() -> None:
    for half in range(1, int(undisturbed().seconds * 2) - 2):
        is_time = _once_at(half / 2)

        def drains(world: World, is_time: Callable[[World], bool] = is_time) -> bool:
            if is_time(world):
                world.drain_runtime()
            return False

        told = hold_call(gateway_dies=drains)
        assert differences(told, 1) == [], f"drained after {half / 2} s"
        assert (told.writers, told.gateways) in ((2, 1), (1, 1))


@pytest.mark.blocking_allowed
def test_a_drained_gateway_hands_its_call_over_unnoticed_whenever_it_is_told_to() -> None:
    for half in range(1, int(undisturbed().seconds * 2)):
        is_time = _once_at(half / 2)

        def drains(world: World, is_time: Callable[[World], bool] = is_time) -> bool:
            if is_time(world):
                world.drain_gateway()
            return False

        told = hold_call(gateway_dies=drains)
        assert differences(told, 1) == [], f"drained after {half / 2} s"
        assert told.gateways <= 2
