"""How much a browser may send (rule WS7)."""

from typing import Final

MAX_SPEED: Final = 4.0
BURST_MS: Final = 20_000.0


class AudioAllowance:
    """A bucket of audio milliseconds: 20 s at once, then four times real time."""

    __slots__ = ("_left_ms", "_seen_at_ms")

    def __init__(self, now_ms: float) -> None:
        self._left_ms = BURST_MS
        self._seen_at_ms = now_ms

    def take(self, audio_ms: float, now_ms: float) -> bool:
        """False when this much audio is too much by now."""
        self._left_ms = min(BURST_MS, self._left_ms + (now_ms - self._seen_at_ms) * MAX_SPEED) - audio_ms
        self._seen_at_ms = now_ms
        return self._left_ms >= 0


class MessageAllowance:
    """A bucket of written messages: some at once, then one every few seconds. Each one costs an answer of a language model."""

    __slots__ = ("_left", "_seen_at_s")

    AT_ONCE: Final = 15.0
    PER_SECOND: Final = 0.5

    def __init__(self, now_s: float) -> None:
        self._left = self.AT_ONCE
        self._seen_at_s = now_s

    def take(self, now_s: float) -> bool:
        """False when this message is one too many by now; it does not count then."""
        self._left = min(self.AT_ONCE, self._left + (now_s - self._seen_at_s) * self.PER_SECOND)
        self._seen_at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
