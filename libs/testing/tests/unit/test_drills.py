"""Proves C5 in the instruments: what a drill calls a gap, and what its report says of it."""

from typing import Any

import numpy as np
from callstage_phone.codec import PCMU
from callstage_testing.drills.ear import Ear
from callstage_testing.drills.kills import Kill
from callstage_testing.drills.report import render_kills, render_rolling
from callstage_testing.drills.rolling import CallOfDrill, Restart, RollingReport

_CODEC = PCMU
_LOUD = _CODEC.encode(np.full(160, 8000, np.int16).tobytes())
_QUIET = _CODEC.silence(160)


class _Playout:
    codec = _CODEC


class _Room:
    """The part of a room that an ear hangs on."""

    def __init__(self) -> None:
        self.playout = _Playout()
        self.listener: Any = None


def _heard(pattern: str) -> Ear:
    """`#` is 100 ms of sound, a dot is 100 ms of silence; the first tick is at 0.0."""
    room = _Room()
    ear = Ear(room)  # type: ignore[arg-type]
    for index in range(5 * len(pattern)):
        room.listener.tick(index * 0.02, _QUIET, _LOUD if pattern[index // 5] == "#" else _QUIET)
    return ear


def test_the_pause_between_two_words_is_no_gap_and_a_longer_one_is() -> None:
    assert _heard("##..##").longest_silence(0.0, 0.6) == 0.0
    assert round(_heard("##....##").longest_silence(0.0, 0.8), 2) == 0.4
    assert round(_heard("##......").longest_silence(0.0, 0.8), 2) == 0.6
    assert round(_heard("....####").longest_silence(0.1, 0.8), 2) == 0.3


def test_the_first_sound_after_a_moment() -> None:
    ear = _heard("#...##")
    assert ear.first_sound(0.0) == 0.0
    assert round(ear.first_sound(0.2) or 0, 2) == 0.4
    assert ear.first_sound(0.7) is None


def test_a_gap_counts_without_the_time_of_the_vendors() -> None:
    kills = [Kill("thinking", 0.5, 0.4), Kill("thinking", 1.6, 0.4), Kill("speaking", 0.0, 0.25), Kill("listening", 60.0, 0.0, "CallOver: gone")]
    assert [round(kill.own_s, 2) for kill in kills] == [0.1, 1.2, 0.0, 60.0]
    text = render_kills(kills)
    assert "Within 1.0 s + provider time: 2 of 4; within 0.3 s: 2 of 4." in text
    assert "- listening: CallOver: gone" in text


def test_a_rolling_restart_names_what_was_lost() -> None:
    calls = [CallOfDrill("twilio", [0.5, 0.7], streams=2), CallOfDrill("telnyx", [0.6], lost=1, streams=1, trouble="CallOver: ended by server")]
    text = render_rolling(RollingReport(calls, [Restart("media-gateway", 4.2, 2.0)]))
    assert "2 calls, 3 turns answered." in text
    assert "Calls lost: 1, turns lost: 1." in text
    assert "worst 0.70 s" in text
    assert "Moved to another gateway: 1 calls." in text
    assert "media-gateway: left after 4.2 s" in text
