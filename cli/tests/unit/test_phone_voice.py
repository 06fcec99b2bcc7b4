"""Proves that the caller's voice is sane audio: level, length, edges; and that what cannot be spoken says so."""

from pathlib import Path

import numpy as np
import pytest
from callstage.phone.errors import CannotCall
from callstage.phone.voice import DEMO_LINES, Espeak, Flite, Voice, best_voice, demo_utterances, utterances
from callstage_audio.level import peak_dbfs, rms_dbfs
from callstage_audio.pcm import duration_ms
from callstage_audio.wav import write_wav

SENTENCE = "I would like to order three large pizzas, please."


@pytest.mark.parametrize("voice", [Espeak(), best_voice()], ids=["espeak", "best"])
@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_speech_has_the_level_and_length_of_a_person(voice: Voice, rate_hz: int) -> None:
    (utterance,) = utterances([SENTENCE], [], rate_hz, voice)
    assert utterance.text == SENTENCE
    assert 2000 < duration_ms(utterance.pcm16, rate_hz) < 6000
    assert -26 < rms_dbfs(utterance.pcm16) < -19
    assert peak_dbfs(utterance.pcm16) < -0.9
    for edge in (utterance.pcm16[: rate_hz // 5], utterance.pcm16[-rate_hz // 5 :]):
        assert peak_dbfs(edge) > -40, "100 ms of silence are left"


def test_espeak_speaks_again_and_again() -> None:
    first, second, third = utterances(["Yes, please.", SENTENCE, "Yes, please."], [], 8000, Espeak())
    # The voice breathes: two renderings differ by some noise.
    assert len(third.pcm16) == pytest.approx(len(first.pcm16), rel=0.05)
    assert len(second.pcm16) > 2 * len(first.pcm16)


def test_recordings_are_played_at_the_rate_of_the_call(tmp_path: Path) -> None:
    tone = (8000 * np.sin(np.arange(44100) * 0.05)).astype("<i2").tobytes()
    path = tmp_path / "order.wav"
    path.write_bytes(write_wav(bytes(88200) + tone, 44100))
    (utterance,) = utterances([], [path], 8000)
    assert duration_ms(utterance.pcm16, 8000) == pytest.approx(1060, abs=30)
    assert utterance.text == "[order.wav, 1.1 s]"


def test_what_cannot_be_said_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello")
    (tmp_path / "silent.wav").write_bytes(write_wav(bytes(16000), 8000))
    with pytest.raises(CannotCall, match=r"missing\.wav cannot be read"):
        utterances([], [tmp_path / "missing.wav"], 8000)
    with pytest.raises(CannotCall, match=r"text\.wav: not a known audio format"):
        utterances([], [tmp_path / "text.wav"], 8000)
    with pytest.raises(CannotCall, match="only silence"):
        utterances([], [tmp_path / "silent.wav"], 8000)
    with pytest.raises(CannotCall, match="no sound"):
        utterances([" "], [], 8000, Espeak())


def test_a_voice_that_is_not_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert isinstance(best_voice(), Espeak)
    with pytest.raises(CannotCall, match="flite could not speak"):
        utterances(["Hello"], [], 8000, Flite())


def test_the_demo_order_is_recorded_and_says_what_it_says() -> None:
    lines = demo_utterances(8000)
    assert [line.text for line in lines] == list(DEMO_LINES.values())
    assert all(0.5 < duration_ms(line.pcm16, 8000) / 1000 < 5 for line in lines)
