"""16-bit PCM WAV files."""

import io
import wave
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from callstage_audio.errors import AudioFormatError
from callstage_audio.pcm import BYTES_PER_SAMPLE, samples


def read_wav(data: bytes) -> tuple[bytes, int]:
    """(int16 mono, rate_hz) of a 16-bit PCM WAV; more channels are averaged.

    Raises `AudioFormatError` for anything else (`mp3.decode_audio` reads more).
    """
    try:
        with wave.open(io.BytesIO(data)) as reader:
            if reader.getsampwidth() != BYTES_PER_SAMPLE:
                raise AudioFormatError(f"need a 16-bit WAV, this one has {8 * reader.getsampwidth()} bits")
            channels, rate_hz = reader.getnchannels(), reader.getframerate()
            interleaved = reader.readframes(reader.getnframes())
    except (wave.Error, EOFError) as err:
        raise AudioFormatError(f"not a 16-bit PCM WAV: {err or 'it ends too early'}") from err
    if rate_hz <= 0:
        raise AudioFormatError("not a 16-bit PCM WAV: its sample rate is 0")
    whole = interleaved[: len(interleaved) - len(interleaved) % (BYTES_PER_SAMPLE * channels)]
    if channels == 1:
        return whole, rate_hz
    return np.rint(samples(whole).reshape(-1, channels).mean(axis=1)).astype("<i2").tobytes(), rate_hz


def write_wav(pcm16: bytes, rate_hz: int, channels: int = 1) -> bytes:
    """A WAV file of `pcm16` (int16, interleaved when there is more than one channel)."""
    target = io.BytesIO()
    with wave.open(target, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(BYTES_PER_SAMPLE)
        writer.setframerate(rate_hz)
        writer.writeframes(pcm16)
    return target.getvalue()


def interleave(left: bytes, right: bytes) -> bytes:
    """Two int16 mono signals as one stereo signal; the shorter one ends in silence."""
    left_samples, right_samples = samples(left), samples(right)
    stereo = np.zeros((max(left_samples.size, right_samples.size), 2), "<i2")
    stereo[: left_samples.size, 0] = left_samples
    stereo[: right_samples.size, 1] = right_samples
    return stereo.tobytes()


def write_stereo(left: bytes, right: bytes, rate_hz: int) -> bytes:
    """A stereo WAV of two int16 mono signals; the shorter one ends in silence."""
    return write_wav(interleave(left, right), rate_hz, channels=2)


class WavWriter:
    """Writes a WAV file piece by piece; owns the file until `close`. Blocking, so on a running call from a thread, some seconds at a time.

    The header is right after every `write`: a recording cut off by a crash still plays.
    """

    def __init__(self, path: Path, rate_hz: int, channels: int = 1) -> None:
        self._wave = wave.open(str(path), "wb")  # noqa: SIM115 (closed by close())
        self._wave.setnchannels(channels)
        self._wave.setsampwidth(BYTES_PER_SAMPLE)
        self._wave.setframerate(rate_hz)
        self._frame_bytes = BYTES_PER_SAMPLE * channels
        self._rate_hz = rate_hz
        self._frames = 0

    @property
    def duration_ms(self) -> float:
        """How much was written."""
        return self._frames / self._rate_hz * 1000.0

    def write(self, pcm16: bytes) -> None:
        """Append int16 samples, interleaved. Raises `AudioFormatError` when the last sample lacks a channel."""
        if len(pcm16) % self._frame_bytes:
            raise AudioFormatError(f"need whole frames of {self._frame_bytes} bytes, got {len(pcm16)}")
        self._wave.writeframes(pcm16)
        self._frames += len(pcm16) // self._frame_bytes

    def close(self) -> None:
        """Finish the file. May be called twice."""
        self._wave.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
