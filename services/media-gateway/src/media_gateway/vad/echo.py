"""Our own voice on its way back from a loudspeaker: how much of what comes in is explained by what went out. Pure; int16 mono at 8 kHz."""

from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
from callstage_audio.vad import VAD_WINDOW_SAMPLES
from numpy.typing import NDArray

Signal = NDArray[np.int16]

_WINDOWS: Final = 12
HEARD_SAMPLES: Final = _WINDOWS * VAD_WINDOW_SAMPLES
"""384 ms of the line are compared: two syllables. In much less, any two voices resemble each other."""
PLAYED_SAMPLES: Final = 8192
"""What was played in the last 1024 ms: an echo may be up to 640 ms late. A power of two, for the transform."""
PLAYED_MS: Final = PLAYED_SAMPLES / 8
_LAGS: Final = PLAYED_SAMPLES - HEARD_SAMPLES + 1
_TAPS: Final = 96
_TAPS_BEFORE: Final = 16
"""The room and the phone smear an echo over some milliseconds: it is fitted by a filter of 12 ms around the best delay.
So few that OpenBLAS solves for them in one thread."""
_PRE_EMPHASIS: Final = 0.5
"""Speech is dark, and dark signals resemble each other: both sides are brightened first."""
_QUIET_RMS: Final = 8.0
"""Nothing was played that could come back."""
ECHO_SHARE: Final = 0.5
"""A caller who speaks at least as loud as the echo leaves less than that explained, two unrelated voices leave far less (docs/turn-taking.md)."""


def echo_share(heard: Signal, played: Signal) -> float:
    """The share (0..1) of the energy of `heard` (3072 samples) that a short filter over `played` (8192 samples, the same end) explains.

    About 0.3 ms.
    """
    line, voice = _brightened(heard), _brightened(played)
    energy = float(line @ line)
    if energy <= 0.0 or float(voice @ voice) <= _QUIET_RMS * _QUIET_RMS * voice.size:
        return 0.0
    spectrum = np.fft.rfft(voice)
    likeness = np.fft.irfft(spectrum * np.conj(np.fft.rfft(line, PLAYED_SAMPLES)), PLAYED_SAMPLES)[:_LAGS]
    sums = np.concatenate(([0.0], np.cumsum(np.square(voice, dtype=np.float64))))
    energies = sums[HEARD_SAMPLES:] - sums[:-HEARD_SAMPLES]
    floor = _QUIET_RMS * _QUIET_RMS * HEARD_SAMPLES
    best = int(np.argmax(np.square(likeness) / np.maximum(energies, floor)))
    return _explained(line, voice, best, energy)


def _explained(line: NDArray[np.float32], voice: NDArray[np.float32], lag: int, energy: float) -> float:
    """By the least-squares filter whose taps lie around `lag`."""
    # Tap t multiplies voice[lag + _TAPS_BEFORE - t + n]; what lies outside of what is known counts as silence.
    first = lag + _TAPS_BEFORE - _TAPS + 1
    padded = np.zeros(HEARD_SAMPLES + _TAPS - 1, np.float32)
    start, end = max(0, first), min(PLAYED_SAMPLES, first + padded.size)
    padded[start - first : end - first] = voice[start:end]
    size = 1 << (padded.size + HEARD_SAMPLES - 1).bit_length()
    source = np.fft.rfft(padded, size)
    power = np.fft.irfft(source * np.conj(source), size)[:_TAPS]
    cross = np.fft.irfft(source * np.conj(np.fft.rfft(line, size)), size)[:_TAPS]
    # Never singular, not even when hardly anything was played around that delay.
    power[0] = power[0] * 1.001 + 1.0
    rows = np.abs(np.arange(_TAPS)[:, None] - np.arange(_TAPS)[None, :])
    taps = np.linalg.solve(power[rows], cross)
    rest = line - np.correlate(padded, taps.astype(np.float32), "valid")
    return max(0.0, 1.0 - float(rest @ rest) / energy)


def _brightened(signal: Signal) -> NDArray[np.float32]:
    loud = signal.astype(np.float32)
    loud[1:] -= _PRE_EMPHASIS * loud[:-1].copy()
    return loud


class EchoGuard:
    """One call's ear for its own voice. `played(from_ms, to_ms)` is what the far end played then: 8 samples per ms, None when nothing was."""

    def __init__(self, played: Callable[[float, float], Signal | None]) -> None:
        self._played = played
        self._heard: deque[Signal] = deque(maxlen=_WINDOWS)

    def push(self, window: Signal) -> None:
        """The newest 32 ms of the line."""
        self._heard.append(window)

    def is_echo(self, now_ms: float) -> bool:
        """True: what came in last (its end arrived at `now_ms`) is for the most part what we sent out."""
        played = self._played(now_ms - PLAYED_MS, now_ms)
        if played is None:
            return False
        heard = np.concatenate(list(self._heard)) if self._heard else np.zeros(0, np.int16)
        missing = HEARD_SAMPLES - heard.size
        if missing:
            heard = np.concatenate((np.zeros(missing, np.int16), heard))
        return echo_share(heard, played) >= ECHO_SHARE
