"""The WebSocket under a speech-to-speech session. What is said on it is its `RealtimeDialogue`, which knows neither sockets nor clocks."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from callstage_domain.errors import DependencyError, Phase
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import PROVIDER_SECONDS, QUEUE_DROPPED_TOTAL

from agent_runtime.providers import failures
from agent_runtime.providers.failures import Deadlines, counted
from agent_runtime.providers.ports import LlmRequest
from agent_runtime.providers.realtime import RealtimeEvent
from agent_runtime.providers.speech_socket import connected

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_KIND: Final = "realtime"
_MAX_WAITING: Final = 500
"""Messages that may wait for the socket; beyond it audio is dropped, which is of no use when it is late."""
_CLOSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Reaction:
    """What follows: messages to send and events to pass on, each in order."""

    messages: tuple[str, ...] = ()
    events: tuple[RealtimeEvent, ...] = ()


NOTHING: Final = Reaction()


class RealtimeDialogue(Protocol):
    """One session as messages in and out. Times are seconds of the event loop's clock."""

    @property
    def vendor(self) -> str: ...

    @property
    def opening(self) -> tuple[str, ...]: ...

    @property
    def is_ready(self) -> bool:
        """True: the vendor has accepted the session."""
        ...

    @property
    def due_s(self) -> float | None:
        """When `elapsed` is to be called if nothing else happens."""
        ...

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

    def read(self, message: str | bytes, now_s: float) -> Reaction:
        """One message of the vendor. Raises DependencyError for a failure that ends the session and for what cannot be read."""
        ...

    def elapsed(self, now_s: float) -> Reaction: ...


@asynccontextmanager
async def realtime_session(
    url: str, headers: dict[str, str], dialogue: RealtimeDialogue, deadlines: Deadlines, egress: EgressPolicy | None = None
) -> AsyncGenerator[SocketRealtimeSession, None]:
    """Connected and accepted while entered; see `RealtimeModel.open`."""
    started = time.monotonic()
    try:
        socket = await connected(url, headers, dialogue.vendor, deadlines.connect_s, egress)
    except DependencyError as err:
        raise counted(_KIND, err) from err.__cause__
    session = SocketRealtimeSession(socket, dialogue)
    async with TaskScope(dialogue.vendor, on_failure=session.note_failure) as scope:
        try:
            await session.begin(deadlines.first_byte_s)
            PROVIDER_SECONDS.labels(_KIND, dialogue.vendor).observe(time.monotonic() - started)
            scope.start(session.pump(), name="send")
            yield session
        finally:
            await session.close()


class SocketRealtimeSession:
    """One socket; see `RealtimeSession`. `pump` writes, `events` reads."""

    def __init__(self, socket: ClientConnection, dialogue: RealtimeDialogue) -> None:
        self._socket = socket
        self._dialogue = dialogue
        self._outbox: deque[str] = deque()
        self._wake = asyncio.Event()
        self._events: deque[RealtimeEvent] = deque()
        self._deadline: asyncio.Timeout | None = None
        self._failure: BaseException | None = None
        self._closing = False

    @property
    def handover(self) -> Any:
        """See `RealtimeSession`."""
        return self._dialogue.handover

    async def begin(self, limit_s: float) -> None:
        """Set the session up. Raises DependencyError."""
        from websockets.exceptions import ConnectionClosed

        vendor = self._dialogue.vendor
        try:
            async with asyncio.timeout(limit_s):
                for message in self._dialogue.opening:
                    await self._socket.send(message)
                while not self._dialogue.is_ready:
                    self._apply(self._dialogue.read(await self._socket.recv(), _now_s()))
        except TimeoutError as err:
            raise counted(_KIND, failures.timed_out(vendor, "first_byte")) from err
        except ConnectionClosed as err:
            raise counted(_KIND, closed(vendor, err, "first_byte")) from err
        except DependencyError as err:
            counted(_KIND, err)
            raise
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
        self._apply(self._dialogue.caller_stopped(request, quiet_ms, _now_s()))

    def ask(self, request: LlmRequest, heard_ms: float | None = None) -> int | None:
        """See `RealtimeSession`."""
        number, reaction = self._dialogue.ask(request, heard_ms)
        self._apply(reaction)
        return number

    def cancel(self, number: int) -> None:
        """See `RealtimeSession`."""
        self._apply(self._dialogue.cancel(number, _now_s()))

    async def events(self) -> AsyncGenerator[RealtimeEvent, None]:
        """See `RealtimeSession`."""
        while not self._closing:
            if self._events:
                yield self._events.popleft()
                continue
            try:
                await self._step()
            except DependencyError as err:
                counted(_KIND, err)
                raise

    async def pump(self) -> None:
        """Write what is queued, in order."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    await self._socket.send(self._outbox.popleft())
        except ConnectionClosed:
            # The reader sees the same end and reports it.
            return

    def note_failure(self, _: str, error: BaseException) -> None:
        """The writer died of something unexpected: end the reader with it."""
        self._failure = error
        self._remind(_now_s())

    async def close(self) -> None:
        """Bounded."""
        from websockets.exceptions import ConnectionClosed

        self._closing = True
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._socket.close()
        except (TimeoutError, ConnectionClosed):
            self._socket.transport.abort()

    async def _step(self) -> None:
        from websockets.exceptions import ConnectionClosed

        dialogue = self._dialogue
        if self._failure is not None:
            raise failures.disconnected(dialogue.vendor, "stream") from self._failure
        message: str | bytes | None = None
        try:
            async with asyncio.timeout_at(dialogue.due_s) as self._deadline:
                message = await self._socket.recv()
        except TimeoutError:
            pass
        except ConnectionClosed as err:
            if not self._closing:
                raise closed(dialogue.vendor, err, "stream") from err
            return
        finally:
            self._deadline = None
        if message is not None:
            self._apply(dialogue.read(message, _now_s()))
        elif dialogue.due_s is not None and dialogue.due_s <= _now_s():
            self._apply(dialogue.elapsed(_now_s()))

    def _apply(self, reaction: Reaction) -> None:
        self._events += reaction.events
        if reaction.messages:
            self._outbox += reaction.messages
            self._wake.set()
        # The reader waits for the vendor; what came from our own side must not wait with it.
        self._remind(_now_s() if self._events else self._dialogue.due_s)

    def _remind(self, when_s: float | None) -> None:
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(when_s)


def closed(vendor: str, err: Any, phase: Phase) -> DependencyError:
    """The vendor closed the connection. Codes 1007 and 1008 are refusals: of a message, of a policy or a key."""
    code = err.rcvd.code if err.rcvd is not None else None
    reason = err.rcvd.reason.casefold() if err.rcvd is not None else ""
    if code in (1007, 1008, 3000):
        return failures.by_status(vendor, 401 if "api key" in reason or "unauth" in reason else 400)
    if code in (1011, 1013) and ("quota" in reason or "rate" in reason or "exhausted" in reason):
        return failures.by_status(vendor, 429)
    return failures.disconnected(vendor, phase)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
