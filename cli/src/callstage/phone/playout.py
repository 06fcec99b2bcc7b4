"""The buffer in which a carrier (or a page) keeps what the agent sent until the caller has heard it."""

from collections import deque

import numpy as np
from callstage_audio.pcm import samples

from callstage.phone.codec import frame_bytes

# -46 dBFS: above the idle noise of a coded line, below any spoken word.
AUDIBLE_PEAK = 164
# A platform that sends more than it can ever play is a defect; the memory of this phone is not its store.
_MAX_QUEUED_S = 600


def is_audible(pcm16: bytes) -> bool:
    """Whether anybody would hear this."""
    signal = samples(pcm16)
    return bool(signal.size) and max(int(signal.max()), -int(signal.min())) > AUDIBLE_PEAK


class Playout:
    """Int16 mono at `rate_hz`, 20 ms per `take`. A mark comes back when everything before it was played, at once when nothing is queued."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._frame_bytes = frame_bytes(rate_hz)
        self._items: deque[bytes | str] = deque()
        self._offset = 0
        self._queued_bytes = 0

    @property
    def queued_ms(self) -> float:
        """How much is left to play."""
        return self._queued_bytes / 2 / self._rate_hz * 1000

    def push(self, pcm16: bytes) -> None:
        """Queue audio of any length; beyond ten minutes it is dropped."""
        if pcm16 and self._queued_bytes < _MAX_QUEUED_S * self._rate_hz * 2:
            self._items.append(pcm16)
            self._queued_bytes += len(pcm16)

    def mark(self, name: str) -> list[str]:
        """Queue a mark; returns it when it is reached already."""
        if not self._queued_bytes:
            return [name]
        self._items.append(name)
        return []

    def clear(self) -> list[str]:
        """Drop everything; returns the marks that were waiting, in order: carriers send them back too."""
        marks = [item for item in self._items if isinstance(item, str)]
        self._items.clear()
        self._offset = self._queued_bytes = 0
        return marks

    def holds_sound(self) -> bool:
        """Whether something audible is still to be played (a platform may send silence all the time)."""
        return any(is_audible(item) for item in self._items if isinstance(item, bytes))

    def take(self) -> tuple[bytes, list[str]]:
        """The next 20 ms, filled up with silence, and the marks reached by their end."""
        parts: list[bytes] = []
        marks: list[str] = []
        need = self._frame_bytes
        while self._items:
            head = self._items[0]
            if isinstance(head, str):
                marks.append(head)
                self._items.popleft()
                continue
            if not need:
                break
            piece = head[self._offset : self._offset + need]
            parts.append(piece)
            need -= len(piece)
            self._offset += len(piece)
            if self._offset == len(head):
                self._items.popleft()
                self._offset = 0
        self._queued_bytes -= self._frame_bytes - need
        return b"".join(parts) + bytes(need), marks


def gain(pcm16: bytes, factor: float) -> bytes:
    """The same signal louder or softer, clipped at full scale."""
    return np.clip(np.rint(samples(pcm16) * factor), -32768, 32767).astype("<i2").tobytes()
