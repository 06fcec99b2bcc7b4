"""The WebSocket under a dialogue with a vendor: written, read, watched by deadlines, closed. What is said on it the dialogue knows."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from callstage_domain.errors import DependencyError, Phase
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import PROVIDER_SECONDS

from agent_runtime.providers import failures
from agent_runtime.providers.dialogue import Dialogue, Reply, T
from agent_runtime.providers.failures import Deadlines, ProviderKind, counted
from agent_runtime.providers.web_socket import CLOSE_S, connected

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed


class DialogueSocket(Generic[T]):
    """One socket. `pump` writes what is queued, `items` reads."""

    kind: ProviderKind

    def __init__(self, socket: ClientConnection, dialogue: Dialogue[T]) -> None:
        self._socket = socket
        self._talk = dialogue
        self._outbox: deque[bytes | str] = deque()
        self._wake = asyncio.Event()
        self._events: deque[T] = deque()
        self._deadline: asyncio.Timeout | None = None
        self._failure: BaseException | None = None
        self._closing = False

    async def begin(self, limit_s: float) -> None:
        """Set the session up. Raises DependencyError."""
        from websockets.exceptions import ConnectionClosed

        talk = self._talk
        try:
            async with asyncio.timeout(limit_s):
                for message in talk.opening:
                    await self._socket.send(message)
                while not talk.is_ready:
                    self._apply(talk.read(await self._socket.recv(), now_s()))
        except TimeoutError as err:
            raise counted(self.kind, failures.timed_out(talk.vendor, "first_byte")) from err
        except ConnectionClosed as err:
            raise counted(self.kind, self._closed(err, "first_byte")) from err
        except DependencyError as err:
            counted(self.kind, err)
            raise

    async def items(self) -> AsyncGenerator[T, None]:
        """What the dialogue passes on, until the socket is closed from here. Raises DependencyError."""
        while not self._closing:
            if self._events:
                yield self._events.popleft()
                continue
            try:
                await self._step()
            except DependencyError as err:
                counted(self.kind, err)
                raise

    async def pump(self) -> None:
        """Write what is queued, in order."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    if message := self._take():
                        await self._socket.send(message)
        except ConnectionClosed:
            # The reader sees the same end and reports it.
            return

    def note_failure(self, _: str, error: BaseException) -> None:
        """The writer died of something unexpected: end the reader with it."""
        self._failure = error
        self._remind(now_s())

    async def close(self, goodbye: str | None = None) -> None:
        """With a last message; bounded."""
        from websockets.exceptions import ConnectionClosed

        self._closing = True
        try:
            async with asyncio.timeout(CLOSE_S):
                if goodbye is not None:
                    await self._socket.send(goodbye)
                await self._socket.close()
        except (TimeoutError, ConnectionClosed):
            self._socket.transport.abort()

    def _take(self) -> bytes | str:
        """The next message to write; empty: there is none yet."""
        return self._outbox.popleft()

    def _closed(self, err: ConnectionClosed, phase: Phase) -> DependencyError:
        """What it means that the vendor has closed the connection."""
        del err
        return failures.disconnected(self._talk.vendor, phase)

    async def _step(self) -> None:
        """Wait for one message or deadline."""
        from websockets.exceptions import ConnectionClosed

        talk = self._talk
        if self._failure is not None:
            raise failures.disconnected(talk.vendor, "stream") from self._failure
        message: str | bytes | None = None
        try:
            async with asyncio.timeout_at(talk.due_s) as self._deadline:
                message = await self._socket.recv()
        except TimeoutError:
            pass
        except ConnectionClosed as err:
            if not self._closing:
                raise self._closed(err, "stream") from err
            return
        finally:
            self._deadline = None
        if message is not None:
            self._apply(talk.read(message, now_s()))
        elif talk.due_s is not None and talk.due_s <= now_s():
            # What is said meanwhile may have brought the deadline forward, or pushed it back at the same moment.
            self._apply(talk.elapsed(now_s()))

    def _apply(self, reply: Reply[T]) -> None:
        self._events += reply.events
        if reply.messages:
            self._outbox += reply.messages
            self._wake.set()
        # The reader waits for the vendor; what came from our own side must not wait with it.
        self._remind(now_s() if self._events else self._talk.due_s)

    def _remind(self, when_s: float | None) -> None:
        """Wake the reader then. A deadline that has fired wakes it anyway, and refuses to be moved."""
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(when_s)


S = TypeVar("S", bound=DialogueSocket[Any])


@asynccontextmanager
async def opened(
    url: str,
    headers: dict[str, str],
    vendor: str,
    deadlines: Deadlines,
    egress: EgressPolicy | None,
    kind: ProviderKind,
    over: Callable[[ClientConnection], S],
) -> AsyncGenerator[S, None]:
    """Connected and accepted while entered. Raises DependencyError."""
    started = time.monotonic()
    try:
        socket = await connected(url, headers, vendor, deadlines.connect_s, egress)
    except DependencyError as err:
        raise counted(kind, err) from err.__cause__
    session = over(socket)
    async with TaskScope(vendor, on_failure=session.note_failure) as scope:
        try:
            await session.begin(deadlines.first_byte_s)
            PROVIDER_SECONDS.labels(kind, vendor).observe(time.monotonic() - started)
            scope.start(session.pump(), name="send")
            yield session
        finally:
            await session.close()


def now_s() -> float:
    """The event loop's clock."""
    return asyncio.get_running_loop().time()
