"""Make the WAV files of this folder from `script.json`. Needs flite on the PATH (Debian: `apt-get install flite`); the tests themselves do not.

python tests/speech/make_speech.py [--voice slt] [--to FOLDER]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from callstage_audio.level import rms_dbfs
from callstage_audio.pcm import FULL_SCALE, duration_ms, sample_count, samples, to_pcm16
from callstage_audio.resample import resample
from callstage_audio.tone import comfort_noise
from callstage_audio.wav import read_wav, write_wav

HERE = Path(__file__).parent
RATE_HZ = 8000
EDGE_MS = 60
# What a handset delivers: speech near -20 dBFS, peaks clear of clipping.
SPEECH_RMS_DBFS = -20.0
MAX_PEAK = 0.89
QUIET = 0.005
NOISE_MS = 2000
NOISE_DBFS = -45.0


def flite(text: str, voice: str, stretch: float) -> tuple[bytes, int]:
    """(int16 mono, rate_hz) of `text`; a stretch above 1 speaks slower."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-t", text, "-o", str(target)], check=True, timeout=60)
        return read_wav(target.read_bytes())


def trimmed(pcm16: bytes) -> bytes:
    """Cut silence at both ends down to `EDGE_MS`."""
    loud = np.flatnonzero(np.abs(samples(pcm16).astype(np.int32)) > QUIET * FULL_SCALE)
    if not loud.size:
        raise SystemExit("flite made silence")
    edge = sample_count(EDGE_MS, RATE_HZ)
    return samples(pcm16)[max(int(loud[0]) - edge, 0) : int(loud[-1]) + edge].tobytes()


def levelled(pcm16: bytes) -> bytes:
    """Bring to `SPEECH_RMS_DBFS`, peaks at most `MAX_PEAK`."""
    signal = samples(pcm16) / FULL_SCALE
    gain = 10 ** ((SPEECH_RMS_DBFS - rms_dbfs(pcm16)) / 20)
    return to_pcm16(signal * min(gain, MAX_PEAK / float(np.abs(signal).max())))


def spoken(text: str, voice: str, stretch: float) -> bytes:
    """Telephone-band speech of `text` (int16 mono, 8 kHz)."""
    pcm16, rate_hz = flite(text, voice, stretch)
    return levelled(trimmed(resample(pcm16, rate_hz, RATE_HZ)))


def main() -> None:
    script = json.loads((HERE / "script.json").read_text())
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--voice", default=script["voice"], help="a flite voice: slt, rms, awb")
    arguments.add_argument("--to", type=Path, default=HERE, help="folder of the WAV files")
    options = arguments.parse_args()
    for name, phrase in script["phrases"].items():
        text = phrase["text"]
        pcm16 = spoken(text, options.voice, phrase.get("stretch", script["stretch"]))
        (options.to / f"{name}.wav").write_bytes(write_wav(pcm16, RATE_HZ))
        sys.stdout.write(f"{name:20} {duration_ms(pcm16, RATE_HZ):5.0f} ms  {text}\n")
    (options.to / "noise_street.wav").write_bytes(write_wav(comfort_noise(NOISE_MS, RATE_HZ, NOISE_DBFS), RATE_HZ))


if __name__ == "__main__":
    main()
