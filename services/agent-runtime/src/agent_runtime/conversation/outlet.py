"""Where a conversation speaks to: the gateway's side of a call, and whoever watches."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from callstage_contracts.events import Event


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """What the gateway is told first."""

    session_id: str
    agent_name: str
    interruption_sensitivity: float
    vad_stop_ms: int
    vad_start_ms: int
    is_resumed: bool
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    said: int = 0
    """Of what the caller did, everything up to this number is in the journal."""
    clock_ms: float = 0.0
    """Milliseconds since the call was answered, now: the times of the transcript count like this."""
    records: bool = False
    """Rule K1."""
    recording_retention_days: int | None = None


class NoticeSink(Protocol):
    """Whoever watches a conversation; never waits."""

    def notice(self, kind: str, payload: dict[str, Any]) -> None: ...


class Outlet(Protocol):
    """The gateway's side of one call. Only `audio` may wait (for room)."""

    def opened(self, opened: OpenedCall) -> None: ...

    async def audio(self, utterance: str, segment: int, data: bytes, *, is_first: bool) -> None: ...

    def segment_end(self, utterance: str, segment: int, text: str) -> None: ...

    def utterance_end(self, utterance: str) -> None: ...

    def turn_taken(self, said: int) -> None: ...

    def clear(self) -> None: ...

    def resume_playout(self, said: int) -> None: ...

    def keep_playing(self, utterance: str) -> None:
        """That utterance is not stopped by the caller's voice, not even for a moment. Said before its audio."""
        ...

    def pause_recording(self, *, is_paused: bool) -> None:
        """What the caller types now must not be in a recording."""
        ...

    def voicemail(self, voicemail_id: str, *, is_over: bool, retention_days: int | None) -> None:
        """From here on, or up to here, the caller leaves a message."""
        ...

    def notice(self, kind: str, payload: dict[str, Any]) -> None: ...

    def hang_up(self, reason: str, transfer: dict[str, str] | None) -> None: ...

    def failed(self, code: str, message: str) -> None: ...


class EventSink(Protocol):
    """Where events for the records go; never blocks, never fails."""

    def publish(self, event: Event) -> None: ...


class CaptionSink(Protocol):
    """Where live captions go; may drop."""

    def caption(self, tenant_id: str, call_id: str, payload: dict[str, Any]) -> None: ...
