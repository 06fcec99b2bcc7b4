"""The audio codings of a carrier's media stream."""

from collections.abc import Callable
from dataclasses import dataclass

from callstage_audio.g711 import alaw_to_pcm16, pcm16_to_alaw, pcm16_to_ulaw, ulaw_to_pcm16

PTIME_S = 0.02


@dataclass(frozen=True, slots=True)
class Codec:
    """`encode` takes int16 mono at `rate_hz`, `decode` gives it. `name` is the RTP name."""

    name: str
    rate_hz: int
    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes], bytes]


def frame_bytes(rate_hz: int) -> int:
    """Bytes of 20 ms of int16 mono."""
    return round(rate_hz * PTIME_S) * 2


def _linear(pcm16: bytes) -> bytes:
    return pcm16


PCMU = Codec("PCMU", 8000, pcm16_to_ulaw, ulaw_to_pcm16)
PCMA = Codec("PCMA", 8000, pcm16_to_alaw, alaw_to_pcm16)


def codec_named(name: str, rate_hz: int = 8000) -> Codec:
    """Raises ValueError for a coding this phone does not speak. L16 is little-endian here."""
    if name == "L16":
        return Codec("L16", rate_hz, _linear, _linear)
    if name in ("PCMU", "PCMA") and rate_hz == 8000:
        return PCMU if name == "PCMU" else PCMA
    raise ValueError(f"this phone does not speak {name} at {rate_hz} Hz")
