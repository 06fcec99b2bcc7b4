"""Captions of running calls on core NATS: worth something only now, dropped when nobody can take them."""

import asyncio
import json
from types import TracebackType
from typing import Any, Protocol, Self

from callstage_contracts.subjects import live_subject
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL
from nats.errors import Error as NatsError

_LIMIT = 1000


class CoreNats(Protocol):
    """The part of the NATS client in use."""

    @property
    def is_connected(self) -> bool: ...

    async def publish(self, subject: str, payload: bytes = b"") -> None: ...


class LiveCaptions:
    """Publishes while entered."""

    def __init__(self, client: CoreNats) -> None:
        self._client = client
        self._queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_LIMIT)
        self._scope = TaskScope("live_captions")

    async def __aenter__(self) -> Self:
        self._scope.start(self._run(), name="run")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()

    def caption(self, tenant_id: str, call_id: str, payload: dict[str, Any]) -> None:
        """Hand over; full: this one is dropped."""
        try:
            self._queue.put_nowait((live_subject(tenant_id, call_id), json.dumps(payload, ensure_ascii=False).encode()))
        except asyncio.QueueFull:
            QUEUE_DROPPED_TOTAL.labels("live_captions").inc()

    async def _run(self) -> None:
        while True:
            subject, body = await self._queue.get()
            if not self._client.is_connected:
                continue
            try:
                await self._client.publish(subject, body)
            except NatsError:
                QUEUE_DROPPED_TOTAL.labels("live_captions").inc()
