"""Keypad tones (ITU-T Q.23): make them, and hear them in audio whose carrier sends no digit events."""

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callstage_audio.pcm import FULL_SCALE, sample_count, samples
from callstage_audio.tone import sines

DIGITS: Final = "123A456B789C*0#D"

_ROWS_HZ = (697.0, 770.0, 852.0, 941.0)
_COLUMNS_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
_AMPLITUDE = 0.3

# 205 samples at 8 kHz: the length at which the eight frequencies fall best between each other's side lobes.
_BLOCK_MS = 25.625
# Q.24 wants a 40 ms tone heard and a 20 ms one ignored: two half-overlapping blocks span 38 ms.
_BLOCKS_NEEDED = 2
_MIN_TONE_POWER = 10 ** (-38 / 10)
# Share of the block's power that lies in the two tones: about 1 for a keypad, far less for speech and music.
_MIN_SHARE = 0.7
# Q.24 asks for 4 dB (row louder) and 8 dB (column louder); lines are worse than that.
_MAX_TWIST = 10 ** (10 / 10)
# The strongest tone of a group stands this far above the next one.
_MIN_DOMINANCE = 10 ** (6 / 10)


def tone(digit: str, duration_ms: float, rate_hz: int) -> bytes:
    """The two sines of one key as int16 mono, -13.5 dBFS each. Raises ValueError for anything not in `DIGITS`."""
    index = DIGITS.find(digit.upper()) if len(digit) == 1 else -1
    if index < 0:
        raise ValueError(f"not a keypad digit: {digit!r}")
    return sines((_ROWS_HZ[index // 4], _COLUMNS_HZ[index % 4]), duration_ms, rate_hz, _AMPLITUDE)


def detect(pcm16: bytes, rate_hz: int) -> str | None:
    """The first key that sounds for 40 ms or longer in `pcm16` (int16 mono, at least 4 kHz), or None.

    Feed it 50-100 ms at a time with some overlap; one long press answers each time it is heard.
    """
    block = sample_count(_BLOCK_MS, rate_hz)
    signal = samples(pcm16).astype(np.float32) / np.float32(FULL_SCALE)
    heard, run = None, 0
    for start in range(0, signal.size - block + 1, block // 2):
        digit = _digit_in_block(signal[start : start + block], rate_hz)
        run = run + 1 if digit == heard else 1
        heard = digit
        if heard is not None and run >= _BLOCKS_NEEDED:
            return heard
    return None


@functools.lru_cache(maxsize=8)
def _filters(block: int, rate_hz: int) -> NDArray[np.complex64]:
    """Eight single-frequency transforms, what Goertzel computes one sample at a time, as one matrix (8, block)."""
    frequencies = np.array(_ROWS_HZ + _COLUMNS_HZ)[:, None]
    return np.exp(-2j * math.pi * frequencies * np.arange(block)[None, :] / rate_hz).astype(np.complex64)


def _digit_in_block(signal: NDArray[np.float32], rate_hz: int) -> str | None:
    power = float(signal.dot(signal)) / signal.size
    if power < _MIN_TONE_POWER:
        return None
    # Scaled so that a sine of amplitude a has power a²/2.
    spectrum: NDArray[np.float64] = np.abs(_filters(signal.size, rate_hz) @ signal).astype(np.float64) ** 2 * (2 / signal.size**2)
    row, column = _dominant(spectrum[:4]), _dominant(spectrum[4:])
    if row is None or column is None:
        return None
    row_power, column_power = float(spectrum[row]), float(spectrum[4 + column])
    if row_power + column_power < _MIN_SHARE * power:
        return None
    if max(row_power, column_power) > _MAX_TWIST * min(row_power, column_power):
        return None
    return DIGITS[row * 4 + column]


def _dominant(group: NDArray[np.float64]) -> int | None:
    best = int(group.argmax())
    runner_up = float(np.delete(group, best).max())
    return best if float(group[best]) > _MIN_DOMINANCE * runner_up else None
