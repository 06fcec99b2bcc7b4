"""Keypad tones: heard clean, over µ-law, in noise and short; not heard in speech."""

from pathlib import Path

import numpy as np
import pytest
from callstage_audio import dtmf, g711, tone
from callstage_audio.wav import read_wav

SPEECH = sorted((Path(__file__).parents[4] / "tests" / "speech").glob("*.wav"))


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000])
@pytest.mark.parametrize("digit", dtmf.DIGITS)
def test_every_key_is_heard(digit: str, rate_hz: int) -> None:
    assert dtmf.detect(dtmf.tone(digit, 80, rate_hz), rate_hz) == digit


@pytest.mark.parametrize("digit", dtmf.DIGITS)
@pytest.mark.parametrize("offset", range(0, 240, 37))
def test_a_short_key_in_noise_over_ulaw_is_heard_wherever_it_begins(digit: str, offset: int) -> None:
    line = tone.silence(offset / 8, 8000) + dtmf.tone(digit, 55, 8000) + tone.silence(60, 8000)
    noise = np.random.default_rng(offset).normal(0, 300, len(line) // 2)
    noisy = (np.frombuffer(line, "<i2") + noise).astype("<i2").tobytes()
    assert dtmf.detect(g711.ulaw_to_pcm16(g711.pcm16_to_ulaw(noisy)), 8000) == digit


def test_a_faint_lopsided_key_is_heard() -> None:
    row, column = (tone.sines((hz,), 80, 8000, amplitude) for hz, amplitude in ((770.0, 0.05), (1336.0, 0.03)))
    mixed = np.frombuffer(row, "<i2") + np.frombuffer(column, "<i2")
    assert dtmf.detect(mixed.tobytes(), 8000) == "5"


@pytest.mark.parametrize("path", SPEECH, ids=lambda path: path.stem)
def test_speech_is_no_key(path: Path) -> None:
    pcm16, rate_hz = read_wav(path.read_bytes())
    assert dtmf.detect(pcm16, rate_hz) is None


def test_other_sounds_are_no_key() -> None:
    for sound in (b"", tone.silence(100, 8000), tone.beep(200, 8000), tone.sines((440.0, 480.0), 200, 8000, 0.3), dtmf.tone("5", 15, 8000)):
        assert dtmf.detect(sound, 8000) is None
    for frequency_hz in (697.0, 1336.0):
        assert dtmf.detect(tone.beep(200, 8000, frequency_hz), 8000) is None


def test_lower_case_letters_are_keys_and_nothing_else_is() -> None:
    assert dtmf.tone("a", 50, 8000) == dtmf.tone("A", 50, 8000)
    for wrong in ("", "12", "E", "w"):
        with pytest.raises(ValueError, match="keypad"):
            dtmf.tone(wrong, 50, 8000)
