"""Offline audio: uploads to telephone WAV, recordings to files people play. Blocking (child processes), so from a thread."""

import io
import math
from typing import Literal, get_args

from callstage_audio.errors import AudioFormatError
from callstage_audio.ffmpeg import decode_upload
from callstage_audio.segment import Segment, segment_of
from callstage_audio.wav import interleave, write_wav

ExportFormat = Literal["mp3", "wav", "ogg"]

TELEPHONE_HZ = 8000
# Speech on the phone network sits near -20 dBFS RMS; peaks stay 3 dB below full scale so that µ-law and a mix never clip.
_TARGET_RMS_DBFS = -20.0
_MAX_PEAK_DBFS = -3.0
# Below this it is line noise that no one wants amplified.
_SILENT_DBFS = -70.0

# 40 kbit/s per voice channel keeps an hour of a call near 36 MB.
_BITRATES: dict[str, str] = {"mp3": "80k", "ogg": "80k"}


def to_telephone_wav(data: bytes, max_seconds: float = 120.0) -> bytes:
    """An uploaded file of any audio format (`container.demuxer_of`) as 8 kHz mono 16-bit WAV, levelled to -20 dBFS RMS with peaks at most -3 dBFS.

    Raises `AudioFormatError` for what is no audio, is silent, or is damaged beyond use; `AudioTooLongError` beyond `max_seconds`.
    """
    levelled = _levelled(segment_of(decode_upload(data, TELEPHONE_HZ, max_seconds), TELEPHONE_HZ))
    return write_wav(levelled.raw_data, TELEPHONE_HZ)


def export_recording(caller_pcm16: bytes, agent_pcm16: bytes, rate_hz: int, fmt: ExportFormat = "mp3") -> bytes:
    """A call recording as one stereo file: caller left, agent right (int16 mono each, the shorter one ends in silence), levels untouched.

    Raises `AudioFormatError` when both sides are empty or `fmt` is unknown.
    """
    if fmt not in get_args(ExportFormat):
        raise AudioFormatError(f"cannot export to {fmt!r}, only to {', '.join(get_args(ExportFormat))}")
    stereo = interleave(caller_pcm16, agent_pcm16)
    if not stereo:
        raise AudioFormatError("the recording is empty")
    if fmt == "wav":
        return write_wav(stereo, rate_hz, channels=2)
    target = io.BytesIO()
    segment_of(stereo, rate_hz, channels=2).export(target, format=fmt, bitrate=_BITRATES[fmt])
    return target.getvalue()


def _levelled(segment: Segment) -> Segment:
    if not math.isfinite(segment.dBFS) or segment.dBFS < _SILENT_DBFS:
        raise AudioFormatError("the audio is silent")
    gain_db = min(_TARGET_RMS_DBFS - segment.dBFS, _MAX_PEAK_DBFS - segment.max_dBFS)
    return segment.apply_gain(gain_db)
