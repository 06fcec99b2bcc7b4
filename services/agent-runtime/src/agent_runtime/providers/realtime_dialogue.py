"""A speech-to-speech session as messages in and out."""

from typing import Any, Protocol

from agent_runtime.providers.dialogue import Dialogue, Reply
from agent_runtime.providers.ports import LlmRequest
from agent_runtime.providers.realtime import RealtimeEvent

Reaction = Reply[RealtimeEvent]


class RealtimeDialogue(Dialogue[RealtimeEvent], Protocol):
    """See `RealtimeSession` for what has no word here."""

    @property
    def handover(self) -> Any: ...

    def settled(self) -> Reaction:
        """The session is accepted: what it has to know before anything else."""
        ...

    def is_current(self, request: LlmRequest) -> bool: ...

    def caller_began(self) -> Reaction: ...

    def hear(self, audio: bytes) -> Reaction: ...

    def caller_stopped(self, request: LlmRequest, quiet_ms: float, now_s: float) -> Reaction: ...

    def ask(self, request: LlmRequest, heard_ms: float | None) -> tuple[int | None, Reaction]: ...

    def cancel(self, number: int, now_s: float) -> Reaction: ...
