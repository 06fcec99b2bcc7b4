"""The audio codings of a carrier leg."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from callstage_audio.g711 import alaw_to_pcm16, pcm16_to_alaw, pcm16_to_ulaw, ulaw_to_pcm16

PTIME_S = 0.02
_LOUD = 400
_LOUD_SHARE = 10


@dataclass(frozen=True, slots=True)
class Codec:
    """`encode` takes PCM16 at `rate_hz`. `name` is the RTP name (PCMU, PCMA, L16)."""

    name: str
    rate_hz: int
    sample_bytes: int
    silent_sample: bytes
    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes], bytes]
    loudness: bytes | None = None
    """For G.711: code → 1 when its sample is loud."""

    @property
    def frame_bytes(self) -> int:
        return round(self.rate_hz * PTIME_S) * self.sample_bytes

    def silence(self, byte_count: int) -> bytes:
        return self.silent_sample * (byte_count // self.sample_bytes)

    def seconds(self, byte_count: int) -> float:
        return byte_count / (self.rate_hz * self.sample_bytes)

    def is_voiced(self, frame: bytes) -> bool:
        """Whether a tenth of the samples are louder than -38 dBFS."""
        if self.loudness is not None:
            return frame.translate(self.loudness).count(1) * _LOUD_SHARE > len(frame)
        samples = np.abs(np.frombuffer(self.decode(frame), "<i2").astype(np.int32))
        return int(np.count_nonzero(samples > _LOUD)) * _LOUD_SHARE > len(samples)


def _loud_codes(decode: Callable[[bytes], bytes]) -> bytes:
    samples = np.abs(np.frombuffer(decode(bytes(range(256))), "<i2").astype(np.int32))
    return (samples > _LOUD).astype(np.uint8).tobytes()


def _swap(pcm: bytes) -> bytes:
    return np.frombuffer(pcm, "<i2").astype(">i2").tobytes()


def _same(pcm: bytes) -> bytes:
    return pcm


PCMU = Codec("PCMU", 8000, 1, b"\xff", pcm16_to_ulaw, ulaw_to_pcm16, _loud_codes(ulaw_to_pcm16))
PCMA = Codec("PCMA", 8000, 1, b"\xd5", pcm16_to_alaw, alaw_to_pcm16, _loud_codes(alaw_to_pcm16))


def l16(rate_hz: int, *, big_endian: bool = False) -> Codec:
    """Linear PCM. Little-endian unless told otherwise; RTP itself would say big-endian (RFC 3551 §4.5.11)."""
    turn = _swap if big_endian else _same
    return Codec("L16", rate_hz, 2, b"\0\0", turn, turn)


def codec_named(name: str, rate_hz: int = 8000, *, big_endian: bool = False) -> Codec:
    """Raises `ValueError` for a codec that these carriers do not speak."""
    if name == "L16":
        return l16(rate_hz, big_endian=big_endian)
    if name in ("PCMU", "PCMA") and rate_hz == 8000:
        return PCMU if name == "PCMU" else PCMA
    raise ValueError(f"this phone does not speak {name} at {rate_hz} Hz")
