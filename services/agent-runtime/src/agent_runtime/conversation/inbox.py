"""What the gateway sends about one call: audio in one bounded lane, everything else in another."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import LimitExceeded
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL

from agent_runtime.conversation.turns.events import TurnEvent

_AUDIO_LIMIT_MS = 5000.0
"""A recogniser that lags further behind than this is of no use to a conversation."""
_EVENT_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class PlayoutReport:
    """How far the caller has heard an utterance."""

    utterance: str
    heard_ms: float
    is_started: bool = False
    is_finished: bool = False
    late_ms: float = 0.0
    """The caller's end plays it so much later than it was sent, as far as marks say."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """The caller cut in; the playout is silent already. `is_held`: the gateway keeps what was not heard until it is told what becomes of it."""

    utterance: str
    heard_ms: float
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class LookupArrived:
    """The result of the caller lookup."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Closed:
    """The call is over on the gateway's side; `moves`: only there, another process goes on with it."""

    reason: str
    moves: bool = False


@dataclass(frozen=True, slots=True)
class OperatorHint:
    """A person who listens in tells the model something (rule X4)."""

    text: str


@dataclass(frozen=True, slots=True)
class OperatorEnded:
    """A person in the manager ends the call."""


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """The caller has left his message, and the farewell was heard."""


CallEvent = LookupArrived | OperatorHint | OperatorEnded | Closed | MessageTaken
SessionEvent = TurnEvent | PlayoutReport | CutOff | CallEvent


class CallInbox:
    """Both lanes of one call. Pushing never waits."""

    def __init__(self, uplink: AudioFormat) -> None:
        self._events: asyncio.Queue[SessionEvent] = asyncio.Queue(_EVENT_LIMIT)
        self._audio: deque[bytes] = deque()
        self._audio_bytes = 0
        self._audio_limit = uplink.size_bytes(_AUDIO_LIMIT_MS)
        self._has_audio = asyncio.Event()
        self.taken_bytes = 0
        """Audio that was given to speech-to-text so far."""

    def push(self, event: SessionEvent) -> None:
        """Raises LimitExceeded when the call floods."""
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull as err:
            raise LimitExceeded("too many messages about one call") from err

    def push_audio(self, data: bytes) -> None:
        """Add caller audio; beyond the limit the oldest is dropped and counted."""
        self._audio.append(data)
        self._audio_bytes += len(data)
        while self._audio_bytes > self._audio_limit:
            self._audio_bytes -= len(self._audio.popleft())
            QUEUE_DROPPED_TOTAL.labels("stt_audio").inc()
        self._has_audio.set()

    async def next_event(self, timeout_s: float | None) -> SessionEvent | None:
        """The next event; None when none came in time."""
        if not self._events.empty():
            return self._events.get_nowait()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._events.get()
        except TimeoutError:
            return None

    async def wait_for_audio(self) -> None:
        """Until there is some."""
        await self._has_audio.wait()

    def take_audio(self) -> bytes:
        """All audio so far, empty when there is none."""
        self._has_audio.clear()
        data = b"".join(self._audio)
        self._audio.clear()
        self._audio_bytes = 0
        self.taken_bytes += len(data)
        return data
