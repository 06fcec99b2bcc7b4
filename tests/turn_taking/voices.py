"""The spoken phrases of the corpus."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from callstage_audio.g711 import ulaw_to_pcm16
from numpy.typing import NDArray

HERE = Path(__file__).parent
RATE_HZ = 8000
Signal = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One voice says one text. -20 dBFS RMS."""

    voice: str
    text: str

    @property
    def ulaw(self) -> bytes:
        audio, index = _stored()
        start, size = index[f"{self.voice}: {self.text}"]
        return audio[start : start + size]

    @property
    def signal(self) -> Signal:
        return np.frombuffer(ulaw_to_pcm16(self.ulaw), np.int16).astype(np.float32)

    @property
    def duration_ms(self) -> float:
        return len(self.ulaw) / 8

    def words_by(self, ms: float) -> str:
        """The words that have been spoken whole by then, by proportion."""
        words = self.text.split()
        return " ".join(words[: int(len(words) * min(1.0, ms / self.duration_ms) + 0.001)])


@cache
def _stored() -> tuple[bytes, dict[str, tuple[int, int]]]:
    return (HERE / "voices.ulaw").read_bytes(), json.loads((HERE / "voices.json").read_text())


@cache
def script(part: str) -> Mapping[str, Any]:
    """`tuning` or `test`."""
    return json.loads((HERE / "script.json").read_text())[part]


def agent_lines(part: str) -> dict[str, list[Phrase]]:
    """The agent's replies, sentence by sentence."""
    return {name: [Phrase(line["voice"], text) for text in line["sentences"]] for name, line in script(part)["agent"].items()}


def caller_phrases(part: str, prefix: str) -> list[Phrase]:
    """What callers say, of all groups whose name begins so."""
    groups = [group for name, group in script(part)["caller"].items() if name == prefix or name.startswith(prefix + "_")]
    return [Phrase(voice, text) for group in groups for voice in group["voices"] for text in group["texts"]]
