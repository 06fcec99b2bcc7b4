"""Sample rate conversion by soxr."""

import numpy as np
import soxr

from callstage_audio.pcm import samples

# Measured on 20 ms frames: soxr LQ holds back 12 ms (8 ↔ 16 kHz) to 38 ms (8 ↔ 24 kHz) and is flat to 3 kHz; HQ holds back 50 to 80 ms and is
# flat to 3.7 kHz. Both cost 2-4 µs per frame. A live line needs the first, audio that is at hand before it is played the second.
_LOW_DELAY = "LQ"
_FULL_BAND = "HQ"


class Resampler:
    """Streaming conversion of one direction of one call; keeps the filter's state between pushes. Not for use from two threads at once.

    `low_delay=False` is for audio that arrives faster than it plays (speech from a provider): brighter, 50 ms and more held back until `last`.
    """

    __slots__ = ("_quality", "_stream", "from_hz", "to_hz")

    def __init__(self, from_hz: int, to_hz: int, *, low_delay: bool = True) -> None:
        if from_hz <= 0 or to_hz <= 0:
            raise ValueError(f"rates must be positive, got {from_hz} and {to_hz}")
        self.from_hz = from_hz
        self.to_hz = to_hz
        self._quality = _LOW_DELAY if low_delay else _FULL_BAND
        self._stream = None if from_hz == to_hz else self._new_stream()

    def _new_stream(self) -> soxr.ResampleStream:
        return soxr.ResampleStream(self.from_hz, self.to_hz, 1, dtype="int16", quality=self._quality)

    def push(self, pcm16: bytes, last: bool = False) -> bytes:
        """Convert the next piece (int16 mono, any length). The first answers may be short or empty: the filter holds a few ms back.

        `last=True` returns what is held back, and the next push begins a new signal. Equal rates: returns the very bytes given.
        """
        if self._stream is None:
            return pcm16
        converted = self._stream.resample_chunk(samples(pcm16), last=last)
        if last:
            self._stream = self._new_stream()
        return converted.tobytes()

    def reset(self) -> None:
        """Forget the signal so far, as after a gap or a barge-in."""
        if self._stream is not None:
            self._stream.clear()


def resample(pcm16: bytes, from_hz: int, to_hz: int) -> bytes:
    """Convert a whole signal (int16 mono) at once; N samples give N * to_hz / from_hz, rounded."""
    if from_hz == to_hz or not pcm16:
        return pcm16
    return np.asarray(soxr.resample(samples(pcm16), from_hz, to_hz, quality=_FULL_BAND)).astype("<i2").tobytes()
