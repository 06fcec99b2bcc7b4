"""Proves C3 from the caller's ear: turn taking by a fake clock, and what the phone measures."""

import numpy as np
import pytest
from callstage.phone.handset import Handset, Sound
from callstage.phone.script import Ear, HangUp, Script
from callstage.phone.timeline import Happening, Timeline
from callstage.phone.voice import Utterance
from callstage_phone.codec import l16
from callstage_phone.playout import PlayoutBuffer

QUIET = Ear(is_audible=False, is_pending=False)
LOUD = Ear(is_audible=True, is_pending=False)
FRAME = 320


def tone(ms: int) -> bytes:
    return (8000 * np.sin(np.arange(ms * 8) * 0.3)).astype("<i2").tobytes()


def run(script: Script, from_s: float, to_s: float, ear: Ear, *, is_speaking: bool = False) -> tuple[float, Utterance | HangUp] | None:
    for tick in range(round((to_s - from_s) / 0.02)):
        now_s = from_s + tick * 0.02
        if (decision := script.step(now_s, ear, is_speaking=is_speaking)) is not None:
            return round(now_s, 2), decision
    return None


def test_the_caller_speaks_after_700_ms_of_quiet() -> None:
    line = Utterance("Hello", b"")
    script = Script([line], timeout_s=20)
    assert run(script, 0, 2, QUIET) is None
    assert run(script, 2, 5, LOUD) is None
    assert run(script, 5, 6, Ear(is_audible=False, is_pending=True)) is None
    assert run(script, 6, 9, QUIET) == (6.0, line)


def test_after_the_last_line_it_leaves_the_agent_the_last_word() -> None:
    line = Utterance("Bye", b"")
    script = Script([line], timeout_s=20)
    run(script, 0, 1, LOUD)
    said = run(script, 1, 3, QUIET)
    assert said is not None
    assert said[0] == pytest.approx(1.68, abs=0.03)
    run(script, 2, 3, QUIET, is_speaking=True)
    assert run(script, 3, 5, QUIET) is None
    assert run(script, 5, 6, LOUD) is None
    ended = run(script, 6, 12, QUIET)
    assert ended is not None
    assert ended[0] == pytest.approx(9.0, abs=0.03)
    assert ended[1] is HangUp.DONE


@pytest.mark.parametrize("has_line", [True, False])
def test_an_agent_that_says_nothing_ends_the_call(has_line: bool) -> None:
    script = Script([Utterance("Hello", b"")] if has_line else [], timeout_s=5)
    assert run(script, 0, 10, QUIET) == (5.0, HangUp.NO_ANSWER)


def test_an_agent_that_does_not_speak_first_is_spoken_to() -> None:
    line = Utterance("Hello", b"")
    script = Script([line], timeout_s=5, speaks_first=True)
    assert run(script, 0, 10, QUIET) == (0.7, line)
    run(script, 0.7, 1, QUIET, is_speaking=True)
    ended = run(script, 1, 10, QUIET)
    assert ended is not None
    assert ended[1] is HangUp.NO_ANSWER


def test_the_end_of_an_old_answer_is_no_answer() -> None:
    script = Script([Utterance("One", b""), Utterance("Two", b"")], timeout_s=5)
    run(script, 0, 1, LOUD)
    assert run(script, 1, 2, QUIET)
    run(script, 2, 3, LOUD, is_speaking=True)
    assert run(script, 3, 3.1, LOUD) is None
    ended = run(script, 3.1, 10, QUIET)
    assert ended is not None
    assert ended[1] is HangUp.NO_ANSWER


class Room:
    """A handset under a clock that the test moves."""

    def __init__(self, *lines: str) -> None:
        self.now_s = 100.0
        self.told: list[Happening] = []
        self.playout = PlayoutBuffer(l16(8000))
        self.mouth = b""
        timeline = Timeline(lambda: self.now_s, self.told.append)
        self.handset = Handset(Script([Utterance(text, tone(200)) for text in lines], timeout_s=20), timeline)

    def hear(self, pcm16: bytes) -> None:
        self.playout.push(pcm16, self.now_s)

    def run(self, seconds: float, *, is_connected: bool = True) -> tuple[list[bytes], list[HangUp]]:
        """The caller's frames, and what ended the call."""
        frames: list[bytes] = []
        endings: list[HangUp] = []
        for _ in range(round(seconds / 0.02)):
            frame, self.mouth = self.mouth[:FRAME].ljust(FRAME, b"\0"), self.mouth[FRAME:]
            agent, _marks = self.playout.take()
            sound = Sound(frame, agent, is_speaking=bool(self.mouth), is_pending=self.playout.holds_sound())
            decision = self.handset.tick(self.now_s, sound, is_connected=is_connected)
            if isinstance(decision, HangUp):
                endings.append(decision)
            elif decision is not None:
                self.mouth = decision.pcm16
            frames.append(frame)
            self.now_s += 0.02
        return frames, endings


def test_the_phone_measures_from_its_own_last_sound_to_the_agents_first() -> None:
    room = Room("Two pizzas")
    room.run(0.5)
    room.hear(tone(400))
    up = b"".join(room.run(2.0)[0])
    assert tone(200) in up
    assert room.handset.greeting_ms == pytest.approx(500, abs=1)
    spoken_until_s = next(happening.at_s for happening in room.told if happening.who == "you") + 0.2
    room.now_s = 110.0
    room.hear(tone(400))
    room.run(0.5)
    answer_ms = room.handset.exchanges[0].answer_ms
    assert answer_ms == pytest.approx((10.0 - spoken_until_s) * 1000, abs=45)
    assert [happening.text.split(" (")[0] for happening in room.told] == ["speaks", "Two pizzas", "speaks"]


def test_nothing_is_said_into_a_dead_line() -> None:
    room = Room("Hello")
    room.hear(tone(100))
    frames, endings = room.run(3.0, is_connected=False)
    assert set(frames) == {bytes(FRAME)}
    assert endings == []
    assert room.handset.exchanges == []
