"""How loud is a frame. 0 dBFS is a square wave at full scale, so a full-scale sine has -3 dBFS RMS."""

import math
from typing import Final

import numpy as np

from callstage_audio.pcm import FULL_SCALE, samples

SILENCE_DBFS: Final = -100.0
"""What digital silence, or an empty frame, measures. One unit of 16 bit is -90.3 dBFS."""

_FULL_SCALE_SQUARED = FULL_SCALE * FULL_SCALE


def rms_dbfs(pcm16: bytes) -> float:
    """RMS level of a frame (int16 mono)."""
    signal = samples(pcm16).astype(np.float32)
    energy = float(signal.dot(signal))
    return 10.0 * math.log10(energy / (signal.size * _FULL_SCALE_SQUARED)) if energy else SILENCE_DBFS


def peak_dbfs(pcm16: bytes) -> float:
    """Level of the largest sample of a frame (int16 mono)."""
    signal = samples(pcm16)
    if not signal.size:
        return SILENCE_DBFS
    peak = max(int(signal.max()), -int(signal.min()))
    return 20.0 * math.log10(peak / FULL_SCALE) if peak else SILENCE_DBFS


def is_silent(pcm16: bytes, floor_dbfs: float = -60.0) -> bool:
    """True when the RMS level lies below `floor_dbfs`. The idle noise of a µ-law line lies below -60 dBFS."""
    return rms_dbfs(pcm16) < floor_dbfs
