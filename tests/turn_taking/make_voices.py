"""Make `voices.ulaw` and `voices.json` from `script.json`. Needs flite on the PATH (Debian: `apt-get install flite`); the tests themselves do not.

Every phrase is G.711 µ-law at 8 kHz, -20 dBFS RMS or peaks at -1 dBFS, with silence at both ends cut off.

python -m tests.turn_taking.make_voices
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from agent_runtime.providers.vendors.offline.espeak_library import espeak_library
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_audio.pcm import FULL_SCALE, samples
from callstage_audio.resample import resample

from tests.speech.make_speech import flite, levelled

HERE = Path(__file__).parent
RATE_HZ = 8000
FLITE = ("slt", "rms", "awb", "kal16")
QUIET = 0.01


def spoken(text: str, voice: str) -> bytes:
    """µ-law of a phrase; a voice that is not one of flite's is one of espeak-ng's."""
    if voice in FLITE:
        pcm16, rate_hz = flite(text, voice, 0.9 if voice == "rms" else 1.0)
    else:
        library = espeak_library()
        pcm16, rate_hz = library.speak(text, voice, 1.0), library.rate_hz
    pcm16 = resample(pcm16, rate_hz, RATE_HZ)
    loud = np.flatnonzero(np.abs(samples(pcm16).astype(np.int32)) > QUIET * FULL_SCALE)
    return pcm16_to_ulaw(levelled(samples(pcm16)[int(loud[0]) : int(loud[-1]) + 1].tobytes()))


def phrases(script: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(voice, text) of everything that is said."""
    for part in script.values():
        for line in part["agent"].values():
            yield from ((line["voice"], sentence) for sentence in line["sentences"])
        for group in part["caller"].values():
            yield from ((voice, text) for voice in group["voices"] for text in group["texts"])


def main() -> None:
    script = json.loads((HERE / "script.json").read_text())
    index: dict[str, tuple[int, int]] = {}
    audio = bytearray()
    for voice, text in phrases(script):
        if f"{voice}: {text}" not in index:
            ulaw = spoken(text, voice)
            index[f"{voice}: {text}"] = (len(audio), len(ulaw))
            audio += ulaw
    (HERE / "voices.ulaw").write_bytes(audio)
    (HERE / "voices.json").write_text(json.dumps(index, ensure_ascii=False, indent=0) + "\n")
    sys.stdout.write(f"{len(index)} phrases, {len(audio) / RATE_HZ:.0f} s\n")


if __name__ == "__main__":
    main()
