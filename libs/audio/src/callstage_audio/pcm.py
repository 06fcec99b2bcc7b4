"""16-bit linear PCM: little-endian, mono, as bytes outside and as numpy arrays inside."""

import numpy as np
from numpy.typing import NDArray

from callstage_audio.errors import AudioFormatError

BYTES_PER_SAMPLE = 2
FULL_SCALE = 32768.0

Samples = NDArray[np.int16]


def samples(pcm16: bytes) -> Samples:
    """View `pcm16` as int16 samples without a copy. Raises `AudioFormatError` when a sample is cut in half."""
    if len(pcm16) % BYTES_PER_SAMPLE:
        raise AudioFormatError(f"16-bit audio needs an even number of bytes, got {len(pcm16)}")
    return np.frombuffer(pcm16, dtype="<i2")


def to_pcm16(signal: NDArray[np.floating]) -> bytes:
    """Round a signal in -1..1 to int16 bytes; what lies outside is clipped."""
    return np.clip(np.rint(signal * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()


def duration_ms(pcm16: bytes, rate_hz: int) -> float:
    """How long `pcm16` plays at `rate_hz`."""
    return len(pcm16) / BYTES_PER_SAMPLE / rate_hz * 1000.0


def sample_count(ms: float, rate_hz: int) -> int:
    """Number of samples in `ms` milliseconds, rounded."""
    return round(ms * rate_hz / 1000)
