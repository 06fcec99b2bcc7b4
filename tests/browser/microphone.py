"""What the fake microphone plays."""

from pathlib import Path

from callstage_audio.resample import resample
from callstage_audio.wav import write_wav

from tests.conftest import speech

RATE_HZ = 48_000


def microphone_file(folder: Path, *phrases: tuple[float, str]) -> Path:
    """A WAV of 48 kHz: each committed phrase after so many seconds of silence, and two seconds of silence at the end."""
    spoken = [bytes(int(wait_s * RATE_HZ) * 2) + resample(speech(name), 8000, RATE_HZ) for wait_s, name in phrases]
    file = folder / "microphone.wav"
    file.write_bytes(write_wav(b"".join(spoken) + bytes(2 * RATE_HZ * 2), RATE_HZ))
    return file
