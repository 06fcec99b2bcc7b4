"""Synthetic speech: one tone burst per word, so that its length, its gaps and its start are known exactly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from callstage_audio.g711 import pcm16_to_alaw, pcm16_to_ulaw

SECONDS_PER_CHARACTER = 0.06
_AMPLITUDE = 9000.0
_RAMP_S = 0.004


@lru_cache(maxsize=4096)
def _word(characters: int, pitch_hz: int, rate_hz: int) -> npt.NDArray[np.int16]:
    count = round(characters * SECONDS_PER_CHARACTER * rate_hz)
    wave = np.sin(np.arange(count) * (2 * np.pi * pitch_hz / rate_hz)) * _AMPLITUDE
    ramp = min(round(_RAMP_S * rate_hz), count // 2)
    if ramp > 0:
        slope = np.linspace(0.0, 1.0, ramp)
        wave[:ramp] *= slope
        wave[-ramp:] *= slope[::-1]
    return wave.astype(np.int16)


@lru_cache(maxsize=1024)
def tone_speech(text: str, rate_hz: int) -> bytes:
    """PCM16 mono; every character lasts 60 ms, spaces are silent. The same text always gives the same bytes."""
    parts: list[npt.NDArray[np.int16]] = []
    for index, word in enumerate(text.split(" ")):
        if index > 0:
            parts.append(np.zeros(round(SECONDS_PER_CHARACTER * rate_hz), np.int16))
        if word:
            parts.append(_word(len(word), 180 + 37 * (sum(map(ord, word)) % 8), rate_hz))
    return np.concatenate(parts).tobytes() if parts else b""


def speech_bytes(text: str, encoding: str, rate_hz: int) -> bytes:
    """Tone speech in `pcm`, `ulaw` or `alaw`."""
    pcm = tone_speech(text, rate_hz)
    if encoding == "pcm":
        return pcm
    return pcm16_to_ulaw(pcm) if encoding == "ulaw" else pcm16_to_alaw(pcm)
