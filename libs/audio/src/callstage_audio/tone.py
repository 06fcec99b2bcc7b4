"""Sounds made of nothing: silence, beeps and line noise, as int16 mono."""

import math

import numpy as np
from numpy.typing import NDArray

from callstage_audio.pcm import BYTES_PER_SAMPLE, sample_count, to_pcm16

# Long enough that an edge does not click, short enough for a 40 ms tone.
_RAMP_MS = 4


def silence(ms: float, rate_hz: int) -> bytes:
    """Digital silence."""
    return bytes(BYTES_PER_SAMPLE * sample_count(ms, rate_hz))


def sines(frequencies_hz: tuple[float, ...], ms: float, rate_hz: int, amplitude: float) -> bytes:
    """Sum of sines, each with `amplitude` (1.0 = full scale), with soft edges."""
    time_s = np.arange(sample_count(ms, rate_hz)) / rate_hz
    signal = np.zeros(time_s.size)
    for frequency_hz in frequencies_hz:
        signal += amplitude * np.sin(2 * math.pi * frequency_hz * time_s)
    return to_pcm16(signal * _edges(time_s.size, rate_hz))


def beep(ms: float, rate_hz: int, frequency_hz: float = 1000.0, level_dbfs: float = -15.0) -> bytes:
    """The voicemail beep. `level_dbfs` is its RMS level."""
    return sines((frequency_hz,), ms, rate_hz, math.sqrt(2) * 10 ** (level_dbfs / 20))


def comfort_noise(ms: float, rate_hz: int, level_dbfs: float = -60.0, seed: int = 0) -> bytes:
    """Soft brown noise, so that a waiting caller hears that the line lives. Equal seeds give equal bytes."""
    white = np.random.default_rng(seed).standard_normal(sample_count(ms, rate_hz))
    # A leaky integrator: brown above 30 Hz, without the drift of a pure sum.
    leak = math.exp(-2 * math.pi * 30 / rate_hz)
    brown = _leaky_sum(white, leak)
    rms = float(np.sqrt(np.mean(brown**2))) if brown.size else 0.0
    return to_pcm16(brown * (10 ** (level_dbfs / 20) / rms)) if rms else b""


def _edges(size: int, rate_hz: int) -> NDArray[np.float64]:
    ramp = min(sample_count(_RAMP_MS, rate_hz), size // 2)
    envelope = np.ones(size)
    if ramp:
        rise = np.sin(np.linspace(0, math.pi / 2, ramp)) ** 2
        envelope[:ramp] = rise
        envelope[-ramp:] = rise[::-1]
    return envelope


def _leaky_sum(signal: NDArray[np.float64], leak: float) -> NDArray[np.float64]:
    result = np.empty_like(signal)
    level = 0.0
    for index, value in enumerate(signal):
        level = level * leak + float(value)
        result[index] = level
    return result
