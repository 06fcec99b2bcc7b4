"""What the caller says and no session has settled yet: the next one has to hear it again."""

from collections import deque
from collections.abc import Callable

from callstage_domain.audio import AudioFormat

from agent_runtime.providers.ports import LlmRequest
from agent_runtime.providers.realtime import RealtimeSession

_BEFORE_MS = 600.0
"""Sound before the moment at which speech was noticed: the first syllables are in it."""
_TURN_MS = 60_000.0
"""Speech that is kept for the next session; more is no turn."""


class _Recent:
    """The last bytes of a stream."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        while self._size > self._limit and len(self._pieces) > 1:
            self._size -= len(self._pieces.popleft())

    def whole(self) -> bytes:
        return b"".join(self._pieces)

    def take(self) -> bytes:
        whole = self.whole()
        self._pieces.clear()
        self._size = 0
        return whole


class UnsettledSpeech:
    """One call."""

    def __init__(self, hears: AudioFormat) -> None:
        self._before = _Recent(hears.size_bytes(_BEFORE_MS))
        self._turn = _Recent(hears.size_bytes(_TURN_MS))
        self.is_speaking = False
        self.awaits_text = False
        """He has fallen silent, and his words have not come."""

    @property
    def is_open(self) -> bool:
        """True while there is anything."""
        return self.is_speaking or self.awaits_text

    def began(self) -> bytes:
        """The caller speaks; the sound that led up to it."""
        self.is_speaking = True
        if not self.awaits_text:
            self._turn.take()
        before = self._before.take()
        self._turn.add(before)
        return before

    def hear(self, audio: bytes) -> None:
        """Audio of the line, speech or not."""
        (self._turn if self.is_speaking else self._before).add(audio)

    def stopped(self) -> None:
        """The caller fell silent."""
        self.is_speaking, self.awaits_text = False, True

    def forget(self) -> None:
        """Somebody else hears the caller."""
        self.is_speaking = self.awaits_text = False

    def tell(self, session: RealtimeSession, current: Callable[[], LlmRequest]) -> None:
        """All of it, to another session."""
        if self.is_open:
            session.caller_began()
            session.hear(self._turn.whole())
        if self.awaits_text and not self.is_speaking:
            session.caller_stopped(current(), 0.0)
