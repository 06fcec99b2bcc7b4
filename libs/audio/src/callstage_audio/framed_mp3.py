"""MP3 in frames of one size that stand alone: they can be cut anywhere, joined with silence, and found by their number without an index.

Constant bit rate without bit reservoir, so no frame needs the one before it. The encoder's and the decoder's delay (1105 samples together) is taken
out: sample n of a stream that begins with the first frame is sample n of what was pushed.
"""

import functools
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, SupportsBytes, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

FRAME_SAMPLES: Final = 576
"""MPEG-2 and MPEG-2.5, layer III."""
CHANNELS: Final = 2
RATES_HZ: Final = (8000, 16000)
_BITS_PER_SAMPLE: Final = 4
"""Of both channels together: 32 kbit/s at 8 kHz, 64 kbit/s at 16 kHz."""
FRAME_BYTES: Final = FRAME_SAMPLES * _BITS_PER_SAMPLE // 8
_DELAY_SAMPLES: Final = 1105
_DROPPED_FRAMES: Final = -(-_DELAY_SAMPLES // FRAME_SAMPLES)
_LEAD_SAMPLES: Final = _DROPPED_FRAMES * FRAME_SAMPLES - _DELAY_SAMPLES
# LAME's fast end: a sixth of the time of its best, and nobody hears the difference on a telephone line.
_QUALITY: Final = "7"


def frame_ms(rate_hz: int) -> int:
    """How long a frame plays."""
    return FRAME_SAMPLES * 1000 // rate_hz


class FramedMp3Encoder:
    """Stereo, one of RATES_HZ. Blocking (about 2 ms per second of sound), so from a thread; not from two at once."""

    def __init__(self, rate_hz: int) -> None:
        if rate_hz not in RATES_HZ:
            raise ValueError(f"{rate_hz} Hz is none of {RATES_HZ}")
        self._rate_hz = rate_hz
        self._codec = _codec(rate_hz)
        self._waiting = np.zeros((CHANNELS, _LEAD_SAMPLES), np.int16)
        self._pushed = 0
        self._to_drop = _DROPPED_FRAMES
        self._given = 0
        self._pts = 0

    def push(self, left: NDArray[np.int16], right: NDArray[np.int16]) -> bytes:
        """The frames that are ready now. Both sides have the same number of samples."""
        self._pushed += left.size
        self._waiting = np.concatenate((self._waiting, np.stack((left, right))), axis=1)
        return self._encode_whole()

    def finish(self) -> bytes:
        """The last frames, the last one filled up with silence. Nothing can be pushed afterwards."""
        frames = -(-self._pushed // FRAME_SAMPLES)
        missing = -self._waiting.shape[1] % FRAME_SAMPLES
        self._waiting = np.concatenate((self._waiting, np.zeros((CHANNELS, missing), np.int16)), axis=1)
        found = self._encode_whole() + self._kept(self._codec.encode(None))
        surplus = self._given - frames
        return found[: len(found) - surplus * FRAME_BYTES] if surplus > 0 else found

    def _encode_whole(self) -> bytes:
        found = bytearray()
        whole = self._waiting.shape[1] // FRAME_SAMPLES * FRAME_SAMPLES
        for start in range(0, whole, FRAME_SAMPLES):
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(self._waiting[:, start : start + FRAME_SAMPLES]), format="s16p", layout="stereo")
            frame.sample_rate, frame.pts = self._rate_hz, self._pts
            self._pts += FRAME_SAMPLES
            found += self._kept(self._codec.encode(frame))
        self._waiting = self._waiting[:, whole:]
        return bytes(found)

    def _kept(self, packets: Sequence[SupportsBytes]) -> bytes:
        found = bytearray()
        for packet in packets:
            if self._to_drop:
                self._to_drop -= 1
            else:
                self._given += 1
                found += bytes(packet)
        return bytes(found)


@functools.lru_cache(maxsize=len(RATES_HZ))
def silent_frame(rate_hz: int) -> bytes:
    """One frame of silence."""
    encoder, nothing = FramedMp3Encoder(rate_hz), np.zeros(FRAME_SAMPLES * 8, np.int16)
    return encoder.push(nothing, nothing)[-FRAME_BYTES:]


def _codec(rate_hz: int) -> AudioCodecContext:
    codec = cast(AudioCodecContext, av.CodecContext.create("libmp3lame", "w"))
    codec.sample_rate, codec.bit_rate = rate_hz, rate_hz * _BITS_PER_SAMPLE
    codec.layout, codec.format = "stereo", "s16p"
    codec.time_base = Fraction(1, rate_hz)
    codec.options = {"reservoir": "0", "compression_level": _QUALITY, "joint_stereo": "0"}
    return codec
