"""Pieces of any length in, frames of one length out."""


class Rechunker:
    """Cuts a byte stream into frames of exactly `frame_bytes`; holds at most one frame less a byte."""

    __slots__ = ("_rest", "frame_bytes")

    def __init__(self, frame_bytes: int) -> None:
        if frame_bytes <= 0:
            raise ValueError(f"frame_bytes must be positive, got {frame_bytes}")
        self.frame_bytes = frame_bytes
        self._rest = b""

    def __len__(self) -> int:
        """Bytes waiting for the frame they belong to."""
        return len(self._rest)

    def push(self, data: bytes) -> list[bytes]:
        """Add bytes and take every frame that is now complete, oldest first."""
        size = self.frame_bytes
        if not self._rest and len(data) == size:
            return [data]
        whole = self._rest + data
        end = len(whole) - len(whole) % size
        self._rest = whole[end:]
        return [whole[at : at + size] for at in range(0, end, size)]

    def flush(self, pad: bytes | None = None) -> bytes | None:
        """Take the incomplete last frame, or None when there is none; `pad` (b"\\xff" is µ-law silence) repeats to fill it up."""
        rest, self._rest = self._rest, b""
        if not rest or pad is None:
            return rest or None
        if not pad:
            raise ValueError("pad must not be empty")
        missing = self.frame_bytes - len(rest)
        return rest + (pad * (missing // len(pad) + 1))[:missing]

    def clear(self) -> None:
        """Drop what is waiting."""
        self._rest = b""
