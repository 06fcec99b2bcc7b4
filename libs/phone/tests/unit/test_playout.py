"""Proves C3 from the carrier's side: the playout account of marks, clears, split samples and too much audio; and the stereo recording."""

from pathlib import Path

import numpy as np
import pytest
from callstage_audio.pcm import duration_ms
from callstage_audio.wav import read_wav
from callstage_phone.codec import l16
from callstage_phone.playout import PlayoutBuffer
from callstage_phone.recording import StereoRecording

FRAME = 320


def tone(ms: int) -> bytes:
    return (8000 * np.sin(np.arange(ms * 8) * 0.3)).astype("<i2").tobytes()


def test_marks_come_back_when_what_is_before_them_was_played() -> None:
    playout = PlayoutBuffer(l16(8000))
    assert playout.mark("at once") == ["at once"]
    playout.push(tone(30), 0.0)
    assert playout.mark("end") == []
    assert playout.queued_s == 0.03
    first, marks = playout.take()
    assert (first, marks) == (tone(30)[:FRAME], [])
    second, marks = playout.take()
    assert (second, marks) == (tone(30)[FRAME:] + bytes(160), ["end"])
    assert playout.take() == (bytes(FRAME), [])


def test_clear_drops_the_queue_and_names_its_marks() -> None:
    playout = PlayoutBuffer(l16(8000))
    playout.push(tone(100), 0.0)
    playout.mark("a")
    playout.push(tone(100), 0.0)
    playout.mark("b")
    playout.take()
    assert playout.clear() == ["a", "b"]
    assert (playout.queued_s, playout.holds_sound()) == (0, False)
    playout.push(tone(20), 0.0)
    assert playout.take()[0] == tone(20)


def test_silence_that_is_sent_is_no_sound() -> None:
    playout = PlayoutBuffer(l16(8000))
    playout.push(bytes(FRAME), 0.0)
    assert not playout.holds_sound()
    playout.push(tone(20), 0.0)
    assert playout.holds_sound()


def test_a_sample_may_be_split_between_two_messages() -> None:
    playout = PlayoutBuffer(l16(8000))
    playout.push(tone(20)[:101], 0.0)
    playout.push(tone(20)[101:], 0.0)
    assert playout.take() == (tone(20), [])
    playout.push(b"\x01", 0.0)
    playout.clear()
    playout.push(tone(20), 0.0)
    assert playout.take()[0] == tone(20)


def test_more_than_ten_minutes_are_dropped() -> None:
    playout = PlayoutBuffer(l16(8000))
    for _ in range(12):
        playout.push(bytes(60 * 16000), 0.0)
    assert playout.queued_s == 660


def test_the_recording_has_the_caller_left_and_the_agent_right(tmp_path: Path) -> None:
    recording = StereoRecording(l16(16000))
    for tick in range(50):
        recording.add(tick * 0.02, np.full(320, 1000, "<i2").tobytes(), np.full(480, -2000, "<i2").tobytes(), l16(24000))
    recording.write_wav(tmp_path / "a.wav", 24000)
    data = (tmp_path / "a.wav").read_bytes()
    mixed, rate_hz = read_wav(data)
    assert (rate_hz, duration_ms(mixed, rate_hz)) == (24000, 1000)
    stereo = np.frombuffer(data[44:], "<i2").reshape(-1, 2)
    assert stereo[1000:-1000].mean(axis=0) == pytest.approx([1000, -2000], abs=5)
