"""Telnyx does not promise the order of media frames: a small buffer sorts them by `chunk` (rule C8)."""

from typing import Final

MAX_WAITING: Final = 5
"""Frames (100 ms) that wait for a missing one before it counts as lost."""


class ReorderBuffer:
    """Numbers in, payloads out in order. A frame that comes after its place was given up is dropped."""

    __slots__ = ("_next", "_waiting", "dropped")

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}
        self.dropped = 0

    def push(self, chunk: int, payload: bytes) -> list[bytes]:
        """What can be heard now."""
        if self._next is None:
            self._next = chunk
        if chunk < self._next:
            self.dropped += 1
            return []
        self._waiting[chunk] = payload
        ready = self._take_ready()
        if len(self._waiting) > MAX_WAITING:
            self._next = min(self._waiting)
            ready += self._take_ready()
        return ready

    def _take_ready(self) -> list[bytes]:
        ready: list[bytes] = []
        assert self._next is not None
        while (payload := self._waiting.pop(self._next, None)) is not None:
            ready.append(payload)
            self._next += 1
        return ready
