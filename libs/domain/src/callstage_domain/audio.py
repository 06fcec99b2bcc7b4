"""The few audio formats that travel inside the platform."""

from dataclasses import dataclass
from enum import StrEnum

FRAME_MS = 20
"""One media frame of a carrier; the tick of every gateway process."""


class AudioFormat(StrEnum):
    """Encoding and rate of one direction, mono. PCM is signed 16-bit little-endian."""

    PCMU_8K = "pcmu_8k"
    PCM16_8K = "pcm16_8k"
    PCM16_16K = "pcm16_16k"
    PCM16_24K = "pcm16_24k"

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return {"8k": 8000, "16k": 16_000, "24k": 24_000}[self.value.rsplit("_", 1)[1]]

    @property
    def sample_bytes(self) -> int:
        """Bytes per sample."""
        return 1 if self is AudioFormat.PCMU_8K else 2

    def duration_ms(self, size_bytes: int) -> float:
        """How long that many bytes play."""
        return size_bytes * 1000 / (self.rate_hz * self.sample_bytes)

    def size_bytes(self, duration_ms: float) -> int:
        """Bytes of that much audio, whole samples."""
        return int(self.rate_hz * duration_ms / 1000) * self.sample_bytes


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of audio of any length in a known format."""

    data: bytes
    format: AudioFormat

    @property
    def duration_ms(self) -> float:
        """How long it plays."""
        return self.format.duration_ms(len(self.data))
