"""G.711 µ-law and A-law, int16 little-endian mono on the linear side, one byte per sample on the other.

Source: ITU-T G.711, with the integer arithmetic of the reference code in ITU-T G.191 (`g711.c`). The standard library's `audioop` agrees but for
the µ-law of negative samples, which it quantises four units (of 32768) further from zero than the decision values of G.711 say.
Every conversion is one table lookup, about 1 µs per 20 ms frame.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ULAW_SILENCE: Final = 0xFF
ALAW_SILENCE: Final = 0xD5

_ULAW_BIAS = 33
_ULAW_MAX = 0x1FFF


def _ulaw_decode_table() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = ((((mantissa << 1) + _ULAW_BIAS) << exponent) - _ULAW_BIAS) << 2
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


def _alaw_decode_table() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    # Segment 0 is linear; the others carry an implicit leading one.
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype("<i2")


def _all_samples() -> NDArray[np.int32]:
    """Every int16 value, at the index its unsigned view has."""
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)


def _segment(magnitude: NDArray[np.int32], size_of_segment_0: int) -> NDArray[np.int32]:
    """How often a magnitude has to be halved to fit into the first segment."""
    tops = [(size_of_segment_0 << shift) - 1 for shift in range(7)]
    return np.searchsorted(tops, magnitude, side="left").astype(np.int32)


def _ulaw_encode_table() -> NDArray[np.uint8]:
    sample = _all_samples()
    magnitude = np.minimum((np.where(sample < 0, ~sample, sample) >> 2) + _ULAW_BIAS, _ULAW_MAX)
    exponent = _segment(magnitude, 64)
    mantissa = (magnitude >> (exponent + 1)) & 15
    code = (exponent << 4) | mantissa | np.where(sample < 0, 0x80, 0)
    return (~code & 0xFF).astype(np.uint8)


def _alaw_encode_table() -> NDArray[np.uint8]:
    sample = _all_samples()
    magnitude = np.where(sample < 0, ~sample, sample) >> 4
    exponent = _segment(magnitude, 32)
    mantissa = np.where(exponent == 0, magnitude, magnitude >> exponent)
    code = np.where(exponent == 0, mantissa, ((exponent + 1) << 4) | (mantissa & 15))
    return ((code | np.where(sample < 0, 0, 0x80)) ^ 0x55).astype(np.uint8)


_ULAW_DECODE = _ulaw_decode_table()
_ALAW_DECODE = _alaw_decode_table()
_ULAW_ENCODE = _ulaw_encode_table()
_ALAW_ENCODE = _alaw_encode_table()
# Between the two laws bytes.translate needs no array at all.
_ALAW_TO_ULAW = _ULAW_ENCODE[_ALAW_DECODE.view(np.uint16)].tobytes()
_ULAW_TO_ALAW = _ALAW_ENCODE[_ULAW_DECODE.view(np.uint16)].tobytes()


def ulaw_to_pcm16(ulaw: bytes) -> bytes:
    """Decode µ-law: N bytes → 2N bytes."""
    return _ULAW_DECODE[np.frombuffer(ulaw, np.uint8)].tobytes()


def alaw_to_pcm16(alaw: bytes) -> bytes:
    """Decode A-law: N bytes → 2N bytes."""
    return _ALAW_DECODE[np.frombuffer(alaw, np.uint8)].tobytes()


def pcm16_to_ulaw(pcm16: bytes) -> bytes:
    """Encode µ-law: 2N bytes → N bytes. Raises ValueError when a sample is cut in half."""
    return _ULAW_ENCODE[np.frombuffer(pcm16, "<u2")].tobytes()


def pcm16_to_alaw(pcm16: bytes) -> bytes:
    """Encode A-law: 2N bytes → N bytes. Raises ValueError when a sample is cut in half."""
    return _ALAW_ENCODE[np.frombuffer(pcm16, "<u2")].tobytes()


def alaw_to_ulaw(alaw: bytes) -> bytes:
    """Convert A-law to µ-law over their linear values."""
    return alaw.translate(_ALAW_TO_ULAW)


def ulaw_to_alaw(ulaw: bytes) -> bytes:
    """Convert µ-law to A-law over their linear values."""
    return ulaw.translate(_ULAW_TO_ALAW)
