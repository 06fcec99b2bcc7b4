"""The Silero model on committed speech: batched equals single, speech is heard, noise is not."""

import sys
from pathlib import Path

import numpy as np
import pytest
from callstage_audio import vad
from callstage_audio.g711 import pcm16_to_ulaw, ulaw_to_pcm16
from callstage_audio.level import rms_dbfs
from callstage_audio.tone import comfort_noise, silence
from callstage_audio.vad import VAD_WINDOW_BYTES, VAD_WINDOW_MS, VAD_WINDOW_SAMPLES, SileroVad, VadModelError, VadState
from callstage_audio.vad_gate import VadEvent, VadGate
from callstage_audio.wav import read_wav

SPEECH_FOLDER = Path(__file__).parents[4] / "tests" / "speech"
PHRASES = sorted(path for path in SPEECH_FOLDER.glob("*.wav") if not path.stem.startswith("noise"))


@pytest.fixture(scope="module")
def model() -> SileroVad:
    return SileroVad.shared()


def speech(path: Path) -> bytes:
    return read_wav(path.read_bytes())[0]


def windows_of(pcm16: bytes) -> list[np.ndarray]:
    return [np.frombuffer(pcm16[at : at + VAD_WINDOW_BYTES], "<i2") for at in range(0, len(pcm16) - VAD_WINDOW_BYTES + 1, VAD_WINDOW_BYTES)]


def events_of(model: SileroVad, pcm16: bytes) -> list[VadEvent]:
    gate, state = VadGate(), VadState()
    events: list[VadEvent] = []
    for index, window in enumerate(windows_of(pcm16)):
        level_dbfs = rms_dbfs(window.tobytes())
        probability = model.speech_probabilities([window], [state])[0] if gate.needs_model(level_dbfs) else None
        event = gate.push(probability, level_dbfs, (index + 1) * VAD_WINDOW_MS)
        if event is not None:
            events.append(event)
    return events


def test_a_batch_gives_what_single_runs_give(model: SileroVad) -> None:
    calls = [windows_of(speech(path))[:12] for path in PHRASES]
    calls = [windows for windows in calls if len(windows) == 12]
    single_states, batch_states = [VadState() for _ in calls], [VadState() for _ in calls]
    single = [[model.speech_probabilities([w], [state])[0] for w in windows] for windows, state in zip(calls, single_states, strict=True)]
    batched = [model.speech_probabilities(list(step), batch_states) for step in zip(*calls, strict=True)]
    assert np.allclose(np.array(batched).T, np.array(single), atol=1e-5)
    assert np.array(single).max() > 0.9
    for one, other in zip(single_states, batch_states, strict=True):
        assert np.allclose(one.hidden, other.hidden, atol=1e-4)
        assert np.array_equal(one.context, other.context)


@pytest.mark.parametrize("path", PHRASES, ids=lambda path: path.stem)
def test_a_phrase_starts_and_stops(model: SileroVad, path: Path) -> None:
    events = events_of(model, silence(300, 8000) + speech(path) + silence(500, 8000))
    assert events[:1] == ["start"]
    assert events[-1:] == ["stop"]


STREET = "noise_street"


def on_the_phone(pcm16: bytes, *, snr_db: float | None) -> bytes:
    """µ-law there and back, on a street when `snr_db` is given."""
    signal = np.frombuffer(pcm16, "<i2").astype(np.float64)
    if snr_db is not None:
        noise = np.resize(np.frombuffer(speech(SPEECH_FOLDER / f"{STREET}.wav"), "<i2").astype(np.float64), signal.size)
        signal = signal + noise * np.sqrt(np.mean(signal**2) / np.mean(noise**2)) / 10 ** (snr_db / 20)
    return ulaw_to_pcm16(pcm16_to_ulaw(np.clip(signal, -32768, 32767).astype("<i2").tobytes()))


@pytest.mark.parametrize("snr_db", [None, 30, 20, 10])
@pytest.mark.parametrize("path", PHRASES, ids=lambda path: path.stem)
def test_a_phrase_is_one_turn_and_ends_when_it_ends(model: SileroVad, path: Path, snr_db: float | None) -> None:
    phrase = silence(407, 8000) + speech(path) + silence(900, 8000)
    ends_at_ms = np.flatnonzero(np.abs(np.frombuffer(phrase, "<i2").astype(np.int32)) > 400)[-1] / 8
    gate, state = VadGate(), VadState()
    found: list[tuple[VadEvent, float]] = []
    for index, window in enumerate(windows_of(on_the_phone(phrase, snr_db=snr_db))):
        now_ms = (index + 1) * VAD_WINDOW_MS
        event = gate.push(model.speech_probabilities([window], [state])[0], rms_dbfs(window.tobytes()), now_ms)
        if event is not None:
            found.append((event, now_ms - ends_at_ms))
    assert [event for event, _ in found] == ["start", "stop"], "a pause inside a phrase does not end it"
    late_ms = found[-1][1]
    assert 120 <= late_ms <= (300 if snr_db is None else 480)


def test_noise_and_silence_start_nothing(model: SileroVad) -> None:
    assert events_of(model, speech(SPEECH_FOLDER / "noise_street.wav")) == []
    assert events_of(model, comfort_noise(2000, 8000)) == []
    assert events_of(model, silence(2000, 8000)) == []


def test_a_reset_state_is_a_new_one(model: SileroVad) -> None:
    windows = windows_of(speech(PHRASES[0]))[:5]
    state = VadState()
    first = [model.speech_probabilities([window], [state])[0] for window in windows]
    state.reset()
    assert [model.speech_probabilities([window], [state])[0] for window in windows] == first


def test_wrong_windows_are_refused(model: SileroVad) -> None:
    window = np.zeros(VAD_WINDOW_SAMPLES, np.int16)
    with pytest.raises(ValueError, match="1 windows for 0 states"):
        model.speech_probabilities([window], [])
    with pytest.raises(ValueError, match="256 samples"):
        model.speech_probabilities([window[:-1]], [VadState()])
    assert model.speech_probabilities([], []) == []


def test_an_altered_or_missing_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / "model.onnx"
    altered.write_bytes(b"something else")
    with pytest.raises(VadModelError, match="sha256"):
        SileroVad(altered)
    monkeypatch.setattr(vad, "_MODEL_FILE", "data/none.onnx")
    with pytest.raises(VadModelError, match="missing"):
        SileroVad()
    monkeypatch.setattr(vad, "_PACKAGE", "no_such_package")
    with pytest.raises(VadModelError, match="not installed"):
        SileroVad()


def test_the_model_is_found_without_its_package(model: SileroVad) -> None:
    assert model is SileroVad.shared()
    assert "silero_vad" not in sys.modules
