"""Noises and rooms, made from seeds: the same on every machine. Signals are int16 values as float32 at 8 kHz."""

from collections.abc import Callable

import numpy as np

from tests.turn_taking.voices import RATE_HZ, Phrase, Signal

FULL_SCALE = 32768.0
_Rng = np.random.Generator


def at_level(signal: Signal, rms_dbfs: float) -> Signal:
    """Scaled to that level where it is loud (its upper half)."""
    loud = np.sort(np.square(signal))[signal.size // 2 :]
    rms = float(np.sqrt(loud.mean())) or 1.0
    return (signal * (FULL_SCALE * 10 ** (rms_dbfs / 20) / rms)).astype(np.float32)


def room(seed: int) -> Signal:
    """The way from a loudspeaker to its microphone: the direct sound, early reflections, a tail of 40 ms. Unit energy."""
    rng = np.random.default_rng(seed)
    size = 320
    path = rng.standard_normal(size) * np.exp(-np.arange(size) / 50) * 0.35
    path[:3] += (1.0, 0.6, 0.2)
    return (path / np.sqrt(np.square(path).sum())).astype(np.float32)


def steady(kind: str, duration_ms: float, rms_dbfs: float, seed: int) -> Signal:
    """Noise of a line: white (hiss) or brown (street)."""
    white = np.random.default_rng(seed).standard_normal(int(duration_ms * RATE_HZ / 1000))
    if kind == "brown":
        white = _filtered(white, lambda hz: 1 / np.maximum(hz, 60.0))
    return at_level(white.astype(np.float32), rms_dbfs)


def noise(kind: str, rms_dbfs: float, seed: int, voices: list[Phrase]) -> Signal:
    """One event that is no speech; `voices` murmur in the babble."""
    rng = np.random.default_rng(seed)
    made = _KINDS[kind](rng) if kind in _KINDS else _babble(rng, voices) if kind == "babble" else _someone(rng, voices)
    return at_level(made.astype(np.float32), rms_dbfs)


def _filtered(signal: np.ndarray, gain: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    spectrum = np.fft.rfft(signal) * gain(np.fft.rfftfreq(signal.size, 1 / RATE_HZ))
    return np.fft.irfft(spectrum, signal.size)


def _band(signal: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    return _filtered(signal, lambda hz: ((hz > low_hz) & (hz < high_hz)).astype(float))


def _time(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE_HZ)) / RATE_HZ


def _slam(rng: _Rng) -> np.ndarray:
    time = _time(0.6)
    return _band(rng.standard_normal(time.size), 40, 900) * np.exp(-time / 0.07)


def _keys(rng: _Rng) -> np.ndarray:
    out = np.zeros(int(1.2 * RATE_HZ))
    for start in rng.integers(0, out.size - 400, 9):
        out[start : start + 400] += rng.standard_normal(400) * np.exp(-np.arange(400) / 60)
    return _band(out, 800, 3600)


def _cough(rng: _Rng) -> np.ndarray:
    bursts = []
    for length in (0.18, 0.28):
        time = _time(length)
        burst = _band(rng.standard_normal(time.size), 250, 2600) * np.exp(-time / 0.09)
        bursts += [burst, np.zeros(int(0.1 * RATE_HZ))]
    return np.concatenate(bursts)


def _traffic(rng: _Rng) -> np.ndarray:
    time = _time(2.5)
    return _filtered(rng.standard_normal(time.size), lambda hz: 1 / np.maximum(hz, 80.0)) * np.sin(np.pi * time / 2.5) ** 2


def _hum(rng: _Rng) -> np.ndarray:
    time = _time(1.5)
    return sum(np.sin(2 * np.pi * 100 * harmonic * time + rng.uniform(0, 6)) / harmonic for harmonic in range(1, 9)) + np.zeros(time.size)


def _music(rng: _Rng) -> np.ndarray:
    bars = []
    for root in rng.choice([220.0, 261.6, 329.6, 392.0], 4):
        time = _time(0.35)
        chord = sum(np.sin(2 * np.pi * root * ratio * time) for ratio in (1, 1.26, 1.5, 2, 3)) * np.exp(-time / 0.25)
        bars.append(chord)
    return np.concatenate(bars)


def _breath(rng: _Rng) -> np.ndarray:
    time = _time(1.0)
    return _band(rng.standard_normal(time.size), 300, 3000) * np.sin(np.pi * time) ** 2


def _paper(rng: _Rng) -> np.ndarray:
    time = _time(1.0)
    return _band(rng.standard_normal(time.size), 1000, 3800) * (rng.standard_normal(time.size // 80 + 1).repeat(80)[: time.size] ** 2)


def _ring(rng: _Rng) -> np.ndarray:
    time = _time(1.0)
    return (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 480 * time)) * (np.sin(2 * np.pi * 20 * time) > rng.uniform(-0.3, 0.0))


def _bark(rng: _Rng) -> np.ndarray:
    barks = []
    for _ in range(3):
        time = _time(0.14)
        pitch = rng.uniform(380, 620) * (1 - 1.2 * time)
        voiced = sum(np.sin(2 * np.pi * harmonic * np.cumsum(pitch) / RATE_HZ) / harmonic for harmonic in range(1, 5))
        barks += [(voiced + 0.4 * rng.standard_normal(time.size)) * np.sin(np.pi * time / 0.14), np.zeros(int(0.16 * RATE_HZ))]
    return np.concatenate(barks)


def _knock(rng: _Rng) -> np.ndarray:
    out = np.zeros(int(0.9 * RATE_HZ))
    for start in range(0, 6000, 1500):
        out[start : start + 800] += _band(rng.standard_normal(800), 100, 1200) * np.exp(-np.arange(800) / 90)
    return out


def _babble(rng: _Rng, voices: list[Phrase]) -> np.ndarray:
    """Six people far away, backwards, so that nobody could understand a word."""
    out = np.zeros(int(2.0 * RATE_HZ))
    for index in rng.choice(len(voices), 6):
        voice = voices[int(index)].signal[::-1]
        start = int(rng.integers(0, 4000))
        piece = voice[: out.size - start]
        out[start : start + piece.size] += piece
    return out


def _someone(rng: _Rng, voices: list[Phrase]) -> np.ndarray:
    """A voice in another room."""
    voice = voices[int(rng.integers(len(voices)))].signal
    return np.convolve(voice, room(int(rng.integers(1000))))[: voice.size]


_KINDS: dict[str, Callable[[_Rng], np.ndarray]] = {
    "slam": _slam,
    "keys": _keys,
    "cough": _cough,
    "traffic": _traffic,
    "hum": _hum,
    "music": _music,
    "breath": _breath,
    "paper": _paper,
    "ring": _ring,
    "bark": _bark,
    "knock": _knock,
}
NOISES = {"tuning": ("slam", "keys", "cough", "hum", "babble"), "test": (*_KINDS, "babble", "someone")}
