"""Proves C3 and A2: what a barge-in left unheard is held, played again from a little before, or dropped; and what was played is known for a while."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_domain.audio import AudioFormat
from media_gateway.legs.port import LegListener
from media_gateway.playout import tape as tape_module
from media_gateway.playout.account import Cut, Playing
from media_gateway.playout.player import HOLD_LIMIT_MS, Player
from media_gateway.playout.resume_point import REWIND_MS, rewound_ms
from media_gateway.playout.tape import Tape
from media_gateway.vad.echo import HEARD_SAMPLES, PLAYED_SAMPLES, EchoGuard, echo_share

FRAME = 160


class FakeLeg:
    """Takes everything at once; what it was given can be looked at."""

    returns_marks = False

    def __init__(self, downlink: AudioFormat = AudioFormat.PCMU_8K, *, is_carrier: bool = True) -> None:
        self.uplink = self.downlink = downlink
        self.is_carrier = is_carrier
        self.audio = bytearray()
        self.ends: list[str] = []
        self.clears = 0
        self.listener: LegListener | None = None
        self.player: Player | None = None

    def listen(self, listener: LegListener) -> None:
        self.listener = listener

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        assert self.player is not None
        self.audio += audio
        self.player.on_sent(utterance_id, self.downlink.duration_ms(len(audio)))

    def end_segment(self, utterance_id: str, segment: int) -> None:
        self.ends.append(f"{utterance_id}.{segment}")

    def end_utterance(self, utterance_id: str) -> None:
        assert self.player is not None
        self.ends.append(utterance_id)
        self.player.on_utterance_sent(utterance_id)

    def clear(self) -> None:
        self.clears += 1

    def mark(self, name: str) -> None: ...

    def notify(self, kind: str, fields: Mapping[str, Any]) -> None: ...

    async def read(self) -> None: ...

    async def write(self) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...


class Line:
    """A player with a clock of its own."""

    def __init__(self, leg: FakeLeg | None = None) -> None:
        self.now_ms = 1000.0
        self.leg = leg or FakeLeg()
        self.player = Player(self.leg, lambda: None, lambda: self.now_ms)
        self.leg.player = self.player

    def say(self, utterance_id: str, audio: bytes, *, segment: int = 0, is_last: bool = True) -> None:
        for start in range(0, len(audio), 800):
            self.player.play(utterance_id, segment, audio[start : start + 800])
        self.player.end_segment(utterance_id, segment)
        if is_last:
            self.player.end_utterance(utterance_id)

    def wait(self, ms: float) -> list[str]:
        """Ids of the utterances that end meanwhile."""
        ended: list[str] = []
        for _ in range(int(ms // 20)):
            self.now_ms += 20
            ended += [report.utterance_id for report in self.player.poll() if report.is_finished]
        return ended


def voice(duration_ms: int, seed: int = 1) -> bytes:
    """Words of 300 ms with gaps of 60 ms, each frame unlike any other; µ-law."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal(duration_ms * 8) * 3000
    for start in range(300 * 8, signal.size, 360 * 8):
        signal[start : start + 480] *= 0.001
    return pcm16_to_ulaw(signal.astype(np.int16).tobytes())


def test_what_is_held_goes_on_a_little_before_the_point_where_it_stopped() -> None:
    line, said = Line(), voice(5000)
    line.say("u1", said)
    line.wait(2000)
    assert line.player.hold() == [Cut("u1", 2000)]
    assert (line.leg.clears, line.player.is_held, line.player.is_audible, line.player.is_busy) == (1, True, False, True)
    before = len(line.leg.audio)
    line.wait(600)
    line.player.resume()
    again = bytes(line.leg.audio[before:])
    assert said.endswith(again)
    rewound = 2000 - (5000 - len(again) / 8)
    assert 80 <= rewound <= 900
    assert line.leg.ends == ["u1.0", "u1", "u1.0", "u1"]
    assert line.player.playing() == Playing("u1", int(2000 - rewound), 5000)
    assert line.wait(3000 + rewound - 40) == []
    assert line.wait(60) == ["u1"]


def test_what_comes_while_it_is_held_is_played_after_it() -> None:
    line, first, second, third = Line(), voice(2000, 1), voice(1000, 2), voice(800, 3)
    line.say("u1", first, is_last=False)
    line.wait(1000)
    line.player.hold()
    before = len(line.leg.audio)
    line.say("u1", second, segment=1)
    line.say("u2", third)
    assert len(line.leg.audio) == before
    line.player.resume()
    assert bytes(line.leg.audio[before:]).endswith(first[-4000:] + second + third)
    assert line.wait(6000) == ["u1", "u2"]
    assert not line.player.is_busy


def test_what_is_dropped_is_never_played_and_neither_is_what_comes_of_it() -> None:
    line = Line()
    line.say("u1", voice(3000), is_last=False)
    line.wait(500)
    line.player.hold()
    line.say("u2", voice(500))
    assert line.player.clear() == [Cut("u1", 500)]
    before = len(line.leg.audio)
    line.say("u1", voice(300), segment=1)
    line.say("u2", voice(300), segment=1)
    line.player.resume()
    assert len(line.leg.audio) == before
    assert (line.player.is_busy, line.leg.clears) == (False, 1)
    line.say("u3", voice(300))
    assert line.wait(400) == ["u3"]


def test_held_twice_it_still_ends_where_it_should() -> None:
    line, said = Line(), voice(4000)
    line.say("u1", said)
    for _ in range(2):
        line.wait(1400)
        line.player.hold()
        line.wait(300)
        line.player.resume()
    assert bytes(line.leg.audio).endswith(said[-8000:])
    assert line.wait(4000) == ["u1"]


def test_keypad_tones_are_not_stopped_by_a_voice() -> None:
    line = Line()
    line.player.keep_playing("tones")
    line.say("tones", voice(600))
    line.wait(200)
    assert line.player.hold() == []
    assert (line.leg.clears, line.player.is_held) == (0, False)
    assert line.wait(500) == ["tones"]
    line.say("u2", voice(1000))
    line.wait(200)
    assert line.player.hold() == [Cut("u2", 200)]


def test_nobody_holds_for_ever() -> None:
    line = Line()
    line.say("u1", voice(1000))
    line.wait(200)
    line.player.hold()
    line.wait(HOLD_LIMIT_MS)
    assert not line.player.is_held_too_long
    line.wait(40)
    assert line.player.is_held_too_long


def test_a_lost_runtime_finds_nothing_held() -> None:
    line = Line()
    line.say("u1", voice(3000), is_last=False)
    line.wait(700)
    line.player.hold()
    assert line.player.playing() == Playing("u1", 700, 700)
    line.player.abandon()
    assert (line.player.is_held, line.player.is_busy) == (False, False)


def test_what_a_lost_runtime_said_can_be_held_and_comes_to_its_end() -> None:
    line = Line()
    line.say("u1", voice(2000), is_last=False)
    line.wait(500)
    line.player.abandon()
    line.player.hold()
    line.player.resume()
    assert line.wait(3000) == ["u1"]


def test_an_agent_with_more_to_say_than_can_be_kept_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_module, "MAX_BYTES", 8000)
    line = Line()
    line.say("u1", voice(2000))
    line.wait(500)
    assert line.player.hold() == [Cut("u1", 500)]
    assert not line.player.is_held
    line.say("u2", voice(500))
    line.wait(200)
    line.player.hold()
    assert line.player.is_held


@pytest.mark.parametrize(("downlink", "is_carrier"), [(AudioFormat.PCM16_24K, False), (AudioFormat.PCM16_16K, True)])
def test_other_formats_and_far_ends_without_marks(downlink: AudioFormat, is_carrier: bool) -> None:
    line = Line(FakeLeg(downlink, is_carrier=is_carrier))
    said = np.random.default_rng(5).integers(-4000, 4000, downlink.rate_hz * 2, np.int16).tobytes()
    line.say("u1", said)
    line.wait(1000)
    line.player.hold()
    before = len(line.leg.audio)
    line.player.resume()
    again = bytes(line.leg.audio[before:])
    assert said.endswith(again)
    assert downlink.duration_ms(len(again)) == 1000 + REWIND_MS + 200
    assert line.wait(1000 + REWIND_MS + 240) == ["u1"]


def test_odd_lengths_add_up() -> None:
    line = Line(FakeLeg(AudioFormat.PCM16_24K, is_carrier=False))
    said = bytes(2 * 71_333)
    for start in range(0, len(said), 2 * 1601):
        line.player.play("u1", 0, said[start : start + 2 * 1601])
    line.player.end_utterance("u1")
    line.wait(940)
    line.player.hold()
    line.player.resume()
    assert line.wait(3000) == ["u1"]


def test_sentences_are_counted_as_the_carrier_fills_them_up() -> None:
    tape = Tape(AudioFormat.PCMU_8K, pads=True)
    tape.add("u1", "audio", 0, b"a" * 100)
    tape.add("u1", "segment_end", 0)
    tape.add("u1", "audio", 1, b"b" * 320)
    tape.add("u1", "end")
    assert [(piece.kind, piece.audio) for piece in tape.rewind({"u1": 40.0})[0][2]] == [("audio", b"b" * 160), ("end", b"")]
    assert tape.rewind({})[0][2][1].audio == b"\xff" * 60


def test_memory_of_what_was_heard_is_short() -> None:
    line = Line()
    for number in range(30):
        line.say(f"u{number}", voice(4000))
        line.wait(4020)
    assert line.player._tape._bytes == 0  # pyright: ignore[reportPrivateUsage]
    assert len(line.player._tape._spans) <= 2  # pyright: ignore[reportPrivateUsage]
    assert line.player.played(line.now_ms - 500, line.now_ms) is not None
    line.wait(3000)
    assert line.player.played(line.now_ms - 500, line.now_ms) is None


@pytest.mark.parametrize(("gap_ago_ms", "expected_ms"), [(200, 200), (60, 300), (880, 880), (None, 300)])
def test_the_point_to_go_on_from(gap_ago_ms: int | None, expected_ms: int) -> None:
    signal = np.random.default_rng(2).standard_normal(900 * 8) * 3000
    if gap_ago_ms is not None:
        end = signal.size - (gap_ago_ms - 40) * 8
        signal[end - 40 * 8 : end] = 0
    before = signal.astype(np.int16).tobytes()
    assert 3000 - rewound_ms(before, AudioFormat.PCM16_8K, 3000) == expected_ms
    assert rewound_ms(b"", AudioFormat.PCM16_8K, 100) == 0


@pytest.mark.parametrize("delay_ms", [0, 35, 300, 600])
@pytest.mark.parametrize("gain_db", [-10, -20, -30])
def test_our_own_voice_is_known_when_it_comes_back(delay_ms: int, gain_db: int) -> None:
    played = np.frombuffer(voice_pcm(3), np.int16)[:PLAYED_SAMPLES]
    echo = (np.roll(played, delay_ms * 8) * 10 ** (gain_db / 20)).astype(np.int16)[-HEARD_SAMPLES:]
    other = np.frombuffer(voice_pcm(4), np.int16)[:HEARD_SAMPLES]
    assert echo_share(echo, played) > 0.8
    assert echo_share(other, played) < 0.35
    assert echo_share(echo + other, played) < 0.5
    assert echo_share(np.zeros(HEARD_SAMPLES, np.int16), played) == 0.0
    assert echo_share(other, np.zeros(PLAYED_SAMPLES, np.int16)) == 0.0


def voice_pcm(seed: int) -> bytes:
    """Coloured noise at the level of speech."""
    signal = np.convolve(np.random.default_rng(seed).standard_normal(9000), np.exp(-np.arange(40) / 6), "same") * 1200
    return signal.astype(np.int16).tobytes()


def test_who_has_played_nothing_has_no_echo() -> None:
    guard = EchoGuard(lambda from_ms, to_ms: None)
    guard.push(np.ones(256, np.int16))
    assert not guard.is_echo(1000.0)
