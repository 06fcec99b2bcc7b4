"""pydub, with types, without its warnings, and with an ffmpeg that is surely there."""

import functools
import io
import warnings
from typing import Any, Protocol, Self, cast

from callstage_audio.ffmpeg import ffmpeg_path


class Segment(Protocol):
    """The part of `pydub.AudioSegment` in use. Segments are immutable; levels are dBFS, -inf for digital silence."""

    @property
    def raw_data(self) -> bytes: ...
    @property
    def dBFS(self) -> float: ...  # noqa: N802 (pydub's name)
    @property
    def max_dBFS(self) -> float: ...  # noqa: N802 (pydub's name)
    def apply_gain(self, volume_change: float) -> Self: ...
    def export(self, out_f: io.BytesIO, format: str, bitrate: str) -> object: ...  # noqa: A002 (pydub's name)


@functools.lru_cache(maxsize=1)
def _audio_segment() -> Any:
    # pydub warns at import: escapes in its regular expressions, audioop, an ffmpeg it did not find. None of it concerns us.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub import AudioSegment  # pyright: ignore[reportMissingTypeStubs]
    AudioSegment.converter = ffmpeg_path()
    return AudioSegment


def segment_of(pcm16: bytes, rate_hz: int, channels: int = 1) -> Segment:
    """A pydub segment of int16 samples, interleaved when there is more than one channel."""
    return cast(Segment, _audio_segment()(data=pcm16, sample_width=2, frame_rate=rate_hz, channels=channels))
