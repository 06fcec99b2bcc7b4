"""Listeners of running calls: each subscribes on core NATS by itself, so that every replica of control-api serves any of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import structlog
from callstage_contracts.events import parse_event
from callstage_contracts.subjects import event_subject, live_subject
from callstage_domain.errors import DependencyError, LimitExceeded
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL
from nats.errors import Error as NatsError
from pydantic import ValidationError

from control_api.features.live.schemas import LiveEvent
from control_api.features.live.translation import of_caption, of_event

_log = structlog.get_logger(__name__)
QUEUE_EVENTS = 500
MAX_LISTENERS = 200
MAX_LISTENERS_OF_A_TENANT = 50
# `call.journal` is large and nobody watches it.
_CALL_EVENTS = ("started", "answered", "ended", "turn", "stage")


class Subscription(Protocol):
    """The part of a NATS subscription in use."""

    async def unsubscribe(self) -> None: ...


class CoreNats(Protocol):
    """The part of the NATS client in use."""

    @property
    def is_connected(self) -> bool: ...

    async def subscribe(self, subject: str, *, cb: Callable[[Any], Awaitable[None]]) -> Subscription: ...


class Listener:
    """One reader. `call_id` None: all calls of the tenant."""

    def __init__(self, call_id: str | None, *, limit: int = QUEUE_EVENTS) -> None:
        self._call_id = call_id
        self._queue: asyncio.Queue[LiveEvent] = asyncio.Queue(limit)
        self.has_lagged = False
        """True: an event was lost, because this reader does not keep up."""

    async def take(self, timeout_s: float) -> LiveEvent | None:
        """The next event; None when none came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._queue.get()
        except TimeoutError:
            return None

    async def on_event(self, message: Any) -> None:
        """A message of the event stream."""
        try:
            event = of_event(parse_event(message.data))
        except ValidationError:
            # Of a newer release; the consumer of the records tells of it.
            return
        self._put(event)

    async def on_caption(self, message: Any) -> None:
        """A caption; its subject ends with the call's id."""
        self._put(of_caption(str(message.subject).rpartition(".")[2], message.data))

    def _put(self, event: LiveEvent | None) -> None:
        if event is None or self.has_lagged or (self._call_id is not None and event.call_id != self._call_id):
            return
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.has_lagged = True
            QUEUE_DROPPED_TOTAL.labels("live_listener").inc()


class LiveFeed:
    """All listeners of the process. `leave` ends their streams."""

    def __init__(self, client: CoreNats) -> None:
        self._client = client
        self._listeners: Counter[str] = Counter()
        self.is_leaving = asyncio.Event()

    def leave(self) -> None:
        """The process stops: streams would hold it up."""
        self.is_leaving.set()

    @asynccontextmanager
    async def listener(self, tenant_id: str, call_id: str | None) -> AsyncGenerator[Listener]:
        """Listens while entered. Raises LimitExceeded for too many readers, DependencyError while NATS is away."""
        if self._listeners.total() >= MAX_LISTENERS or self._listeners[tenant_id] >= MAX_LISTENERS_OF_A_TENANT:
            raise LimitExceeded("too many live views are open; close one", code="too_many_listeners", details={"retry_after_s": 10})
        if not self._client.is_connected:
            raise DependencyError("live events are not available right now", vendor="nats", code="events_unavailable")
        listener = Listener(call_id)
        self._listeners[tenant_id] += 1
        try:
            async with AsyncExitStack() as stack:
                for name in _CALL_EVENTS:
                    await self._subscribe(stack, event_subject(tenant_id, "call", name), listener.on_event)
                await self._subscribe(stack, event_subject(tenant_id, "tool", "run"), listener.on_event)
                await self._subscribe(stack, live_subject(tenant_id, call_id or "*"), listener.on_caption)
                yield listener
        finally:
            self._listeners[tenant_id] -= 1
            if not self._listeners[tenant_id]:
                del self._listeners[tenant_id]

    async def _subscribe(self, stack: AsyncExitStack, subject: str, callback: Callable[[Any], Awaitable[None]]) -> None:
        try:
            subscription = await self._client.subscribe(subject, cb=callback)
        except NatsError as err:
            raise DependencyError("live events are not available right now", vendor="nats", code="events_unavailable") from err

        async def unsubscribe() -> None:
            try:
                await subscription.unsubscribe()
            except NatsError as err:
                _log.warning("listener_not_unsubscribed", error=type(err).__name__)

        stack.push_async_callback(unsubscribe)
