"""A speech-to-speech session on its socket. What is said on it is its `RealtimeDialogue`, which knows neither sockets nor clocks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final

from callstage_domain.errors import DependencyError, Phase
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL

from agent_runtime.providers import failures
from agent_runtime.providers.dialogue_socket import DialogueSocket, now_s, opened
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import LlmRequest
from agent_runtime.providers.realtime import RealtimeEvent
from agent_runtime.providers.realtime_dialogue import RealtimeDialogue

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed

_MAX_WAITING: Final = 500
"""Messages that may wait for the socket; beyond it audio is dropped, which is of no use when it is late."""


def realtime_session(
    url: str, headers: dict[str, str], dialogue: RealtimeDialogue, deadlines: Deadlines, egress: EgressPolicy | None = None
) -> AbstractAsyncContextManager[SocketRealtimeSession]:
    """Connected and accepted while entered; see `RealtimeModel.open`."""
    return opened(url, headers, dialogue.vendor, deadlines, egress, "realtime", lambda socket: SocketRealtimeSession(socket, dialogue))


class SocketRealtimeSession(DialogueSocket[RealtimeEvent]):
    """See `RealtimeSession`."""

    kind = "realtime"

    def __init__(self, socket: ClientConnection, dialogue: RealtimeDialogue) -> None:
        super().__init__(socket, dialogue)
        self._dialogue = dialogue

    @property
    def handover(self) -> Any:
        """See `RealtimeSession`."""
        return self._dialogue.handover

    async def begin(self, limit_s: float) -> None:
        """Set the session up. Raises DependencyError."""
        await super().begin(limit_s)
        self._apply(self._dialogue.settled())

    def is_current(self, request: LlmRequest) -> bool:
        """See `RealtimeSession`."""
        return self._dialogue.is_current(request)

    def caller_began(self) -> None:
        """See `RealtimeSession`."""
        self._apply(self._dialogue.caller_began())

    def hear(self, audio: bytes) -> None:
        """See `RealtimeSession`."""
        if len(self._outbox) >= _MAX_WAITING:
            QUEUE_DROPPED_TOTAL.labels("stt_audio").inc()
            return
        self._apply(self._dialogue.hear(audio))

    def caller_stopped(self, request: LlmRequest, quiet_ms: float = 0.0) -> None:
        """See `RealtimeSession`."""
        self._apply(self._dialogue.caller_stopped(request, quiet_ms, now_s()))

    def ask(self, request: LlmRequest, heard_ms: float | None = None) -> int | None:
        """See `RealtimeSession`."""
        number, reaction = self._dialogue.ask(request, heard_ms)
        self._apply(reaction)
        return number

    def cancel(self, number: int) -> None:
        """See `RealtimeSession`."""
        self._apply(self._dialogue.cancel(number, now_s()))

    def events(self) -> AsyncGenerator[RealtimeEvent, None]:
        """See `RealtimeSession`."""
        return self.items()

    def _closed(self, err: ConnectionClosed, phase: Phase) -> DependencyError:
        """Codes 1007 and 1008 are refusals: of a message, of a policy or a key."""
        vendor = self._dialogue.vendor
        code = err.rcvd.code if err.rcvd is not None else None
        reason = err.rcvd.reason.casefold() if err.rcvd is not None else ""
        if code in (1007, 1008, 3000):
            return failures.by_status(vendor, 401 if "api key" in reason or "unauth" in reason else 400)
        if code in (1011, 1013) and ("quota" in reason or "rate" in reason or "exhausted" in reason):
            return failures.by_status(vendor, 429)
        return failures.disconnected(vendor, phase)
