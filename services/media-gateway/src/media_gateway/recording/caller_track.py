"""The caller's sound on the axis of the call. Pure.

Audio comes late, in bursts, or not at all; it never comes early. So a piece ended at the latest when it arrived, and at the latest when the piece
after it began: seen from behind, a burst unfolds to where it was spoken. What nobody sent is silence.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from callstage_audio.g711 import ulaw_to_pcm16
from callstage_domain.audio import AudioFormat
from numpy.typing import NDArray

HELD_BACK_MS: Final = 200
"""Pieces this new are not placed yet: the rest of their burst may still come."""
PATIENCE_MS: Final = 2000
"""Audio that is later than this has lost its place to silence."""
TOLERANCE_MS: Final = 80
"""Pieces this near to each other belong together: what is left of jitter must not tear words."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Caller audio as it came. `arrived_ms` counts from the beginning of the part."""

    arrived_ms: float
    audio: bytes


class CallerTrack:
    """One part. Gives int16 mono at the rate of the line, without a gap from 0 on."""

    def __init__(self, uplink: AudioFormat) -> None:
        self._format = uplink
        self._samples_per_ms = uplink.rate_hz // 1000
        self._waiting: list[Piece] = []
        self._position = 0

    def push(self, pieces: list[Piece], until_ms: int, *, is_last: bool) -> NDArray[np.int16]:
        """What is certain now. `is_last`: everything up to `until_ms`, exactly."""
        self._waiting += pieces
        found: list[NDArray[np.int16]] = []
        starts = self._starts()
        ready = len(self._waiting) if is_last else sum(piece.arrived_ms <= until_ms - HELD_BACK_MS for piece in self._waiting)
        for piece, start in zip(self._waiting[:ready], starts[:ready], strict=True):
            self._place(self._decoded(piece.audio), start, found)
        del self._waiting[:ready]
        end = (until_ms if is_last else until_ms - PATIENCE_MS) * self._samples_per_ms
        self._silence(end, found)
        sound = np.concatenate(found) if found else np.zeros(0, np.int16)
        if is_last and self._position > end:
            sound = sound[: max(0, sound.size - (self._position - end))]
            self._position = end
        return sound

    def skip(self, until_ms: int) -> NDArray[np.int16]:
        """Silence up to there; nothing that was said is kept."""
        self._waiting.clear()
        found: list[NDArray[np.int16]] = []
        self._silence(until_ms * self._samples_per_ms, found)
        return np.concatenate(found) if found else np.zeros(0, np.int16)

    def _starts(self) -> list[int]:
        starts = [0] * len(self._waiting)
        end: float = float("inf")
        for index in range(len(self._waiting) - 1, -1, -1):
            piece = self._waiting[index]
            end = min(piece.arrived_ms, end) - self._format.duration_ms(len(piece.audio))
            starts[index] = int(end * self._samples_per_ms)
        return starts

    def _place(self, sound: NDArray[np.int16], start: int, found: list[NDArray[np.int16]]) -> None:
        tolerance = TOLERANCE_MS * self._samples_per_ms
        if start > self._position + tolerance:
            self._silence(start, found)
        elif start < self._position - tolerance:
            # Its place is taken already; the rest of it belongs where it belongs.
            sound = sound[self._position - start :]
        self._position += sound.size
        found.append(sound)

    def _silence(self, until: int, found: list[NDArray[np.int16]]) -> None:
        if until > self._position:
            found.append(np.zeros(until - self._position, np.int16))
            self._position = until

    def _decoded(self, audio: bytes) -> NDArray[np.int16]:
        return np.frombuffer(ulaw_to_pcm16(audio) if self._format is AudioFormat.PCMU_8K else audio, np.int16)
