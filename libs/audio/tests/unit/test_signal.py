"""Resampling, levels, re-framing and generated sounds."""

import math

import numpy as np
import pytest
from callstage_audio import level, tone
from callstage_audio.errors import AudioFormatError
from callstage_audio.pcm import duration_ms
from callstage_audio.rechunk import Rechunker
from callstage_audio.resample import Resampler, resample
from hypothesis import given
from hypothesis import strategies as st

SINE_1K = tone.sines((1000.0,), 500, 8000, 0.5)


def strongest_hz(pcm16: bytes, rate_hz: int) -> float:
    signal = np.frombuffer(pcm16, "<i2")
    return float(np.abs(np.fft.rfft(signal)).argmax()) * rate_hz / signal.size


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 16000), (8000, 24000), (8000, 48000)])
@pytest.mark.parametrize("low_delay", [True, False])
def test_streamed_pieces_keep_length_and_pitch(from_hz: int, to_hz: int, low_delay: bool) -> None:
    resampler = Resampler(from_hz, to_hz, low_delay=low_delay)
    pieces = [SINE_1K[at : at + 320] for at in range(0, len(SINE_1K), 320)]
    streamed = b"".join(resampler.push(piece) for piece in pieces) + resampler.push(b"", last=True)
    assert duration_ms(streamed, to_hz) == pytest.approx(500, abs=1)
    assert strongest_hz(streamed, to_hz) == pytest.approx(1000, abs=3)
    assert level.rms_dbfs(streamed) == pytest.approx(level.rms_dbfs(SINE_1K), abs=0.2)


def test_a_tone_above_the_new_band_disappears() -> None:
    high = tone.sines((6000.0,), 500, 24000, 0.5)
    resampler = Resampler(24000, 8000)
    assert level.rms_dbfs((resampler.push(high) + resampler.push(b"", last=True))[800:-800]) < -70


def test_low_delay_holds_back_less_than_40_ms() -> None:
    for from_hz, to_hz in ((8000, 16000), (16000, 8000), (24000, 8000)):
        resampler = Resampler(from_hz, to_hz)
        got = sum(len(resampler.push(bytes(2 * from_hz // 50))) for _ in range(25))
        assert 500 - got / 2 / to_hz * 1000 < 40


def test_equal_rates_pass_the_bytes_through() -> None:
    assert Resampler(8000, 8000).push(SINE_1K) is SINE_1K
    assert resample(SINE_1K, 8000, 8000) is SINE_1K


def test_after_the_last_piece_a_new_signal_begins() -> None:
    resampler = Resampler(8000, 16000)
    first = resampler.push(SINE_1K, last=True)
    resampler.push(SINE_1K)
    resampler.reset()
    again = resampler.push(SINE_1K, last=True)
    # soxr dithers the last bit.
    assert np.abs(np.frombuffer(again, "<i2").astype(int) - np.frombuffer(first, "<i2")).max() <= 3


def test_one_shot_has_the_exact_length() -> None:
    assert len(resample(SINE_1K, 8000, 24000)) == 3 * len(SINE_1K)
    assert resample(b"", 8000, 24000) == b""


def test_bad_resampler_input_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 8000)
    with pytest.raises(AudioFormatError, match="even"):
        Resampler(8000, 16000).push(b"abc")


def test_levels_of_known_signals() -> None:
    sine = tone.sines((1000.0,), 1000, 8000, 0.5)
    assert level.rms_dbfs(sine) == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.1)
    assert level.peak_dbfs(sine) == pytest.approx(20 * math.log10(0.5), abs=0.1)
    assert level.peak_dbfs(np.array([-32768], "<i2").tobytes()) == 0.0
    assert level.rms_dbfs(np.array([-32768] * 8000, "<i2").tobytes()) == pytest.approx(0.0)


def test_nothing_and_silence_are_silent() -> None:
    for quiet in (b"", bytes(320)):
        assert level.rms_dbfs(quiet) == level.peak_dbfs(quiet) == level.SILENCE_DBFS
        assert level.is_silent(quiet)
    assert not level.is_silent(SINE_1K)
    assert level.is_silent(SINE_1K, floor_dbfs=0.0)


@given(st.lists(st.binary(max_size=50)), st.integers(1, 30))
def test_rechunking_loses_and_reorders_nothing(pieces: list[bytes], frame_bytes: int) -> None:
    rechunker = Rechunker(frame_bytes)
    frames = [frame for piece in pieces for frame in rechunker.push(piece)]
    assert all(len(frame) == frame_bytes for frame in frames)
    assert len(rechunker) < frame_bytes
    assert b"".join(frames) + (rechunker.flush() or b"") == b"".join(pieces)
    assert rechunker.flush() is None


def test_flush_pads_to_a_whole_frame() -> None:
    rechunker = Rechunker(7)
    rechunker.push(b"ab")
    assert rechunker.flush(pad=b"\xff\xfe") == b"ab\xff\xfe\xff\xfe\xff"
    rechunker.push(b"ab")
    with pytest.raises(ValueError, match="empty"):
        rechunker.flush(pad=b"")
    rechunker.push(b"ab")
    rechunker.clear()
    assert rechunker.flush(pad=b"\xff") is None
    with pytest.raises(ValueError, match="positive"):
        Rechunker(0)


def test_generated_sounds_have_the_length_and_level_asked_for() -> None:
    assert tone.silence(20, 8000) == bytes(320)
    assert len(tone.beep(100, 8000)) == 1600
    assert level.rms_dbfs(tone.beep(1000, 8000, level_dbfs=-15)) == pytest.approx(-15, abs=0.2)
    noise = tone.comfort_noise(500, 8000, level_dbfs=-60)
    assert level.rms_dbfs(noise) == pytest.approx(-60, abs=0.3)
    assert noise == tone.comfort_noise(500, 8000, level_dbfs=-60)
    assert tone.comfort_noise(0, 8000) == tone.beep(0, 8000) == b""
