"""The ffmpeg program: the system's when there is one, else the one in the imageio-ffmpeg wheel. Runs as a child, so foreign bytes cannot crash us."""

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg

from callstage_audio.container import demuxer_of
from callstage_audio.errors import AudioFormatError, AudioTooLongError
from callstage_audio.pcm import BYTES_PER_SAMPLE

# Two minutes of audio take well under a second; a file that needs longer is an attack or a bug.
_DEADLINE_S = 30.0


@functools.lru_cache(maxsize=1)
def ffmpeg_path() -> str:
    """Path of the ffmpeg to use."""
    return shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()


def decode_upload(data: bytes, rate_hz: int, max_seconds: float) -> bytes:
    """Decode an uploaded file to int16 mono at `rate_hz`, in a child process with a deadline. Raises `AudioFormatError`, `AudioTooLongError`."""
    demuxer = demuxer_of(data)
    with tempfile.NamedTemporaryFile(prefix="callstage-upload-") as source:
        # A file and no pipe: the index of an M4A may stand at its end.
        source.write(data)
        source.flush()
        pcm16 = _run(_decode_command(Path(source.name), demuxer, rate_hz, max_seconds), demuxer)
    if len(pcm16) > int(max_seconds * rate_hz) * BYTES_PER_SAMPLE:
        raise AudioTooLongError(max_seconds)
    return pcm16


def _decode_command(source: Path, demuxer: str, rate_hz: int, max_seconds: float) -> list[str]:
    limits = ["-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1", "-protocol_whitelist", "file"]
    # Half a second over the limit tells "too long" from "just fits".
    output = ["-vn", "-sn", "-dn", "-t", str(max_seconds + 0.5), "-ac", "1", "-ar", str(rate_hz), "-f", "s16le", "pipe:1"]
    return [ffmpeg_path(), *limits, "-f", demuxer, "-i", str(source), *output]


def _run(command: list[str], demuxer: str) -> bytes:
    try:
        # No shell, a fixed program, a temporary file of ours as its only input.
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired as err:
        raise AudioFormatError(f"this {demuxer} audio takes too long to decode") from err
    # A file that breaks off in the middle fails the exit code but is worth what was read.
    if not done.stdout:
        raise AudioFormatError(f"no audio could be decoded from this {demuxer} data")
    return done.stdout
