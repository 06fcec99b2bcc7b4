"""Events leave the process here and are never lost: memory → JetStream, or a local spool file while NATS is away (rules K4, EV1)."""

import asyncio
import json
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from callstage_contracts.events import Event
from nats.errors import Error as NatsError
from nats.js.api import PubAck

from callstage_kit.nats.connection import NatsConnection
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import EVENTS_TOTAL, EVENTS_WAITING

_log = structlog.get_logger(__name__)
_PUBLISH_TIMEOUT_S = 2.0
_MEMORY_LIMIT = 10_000
_WINDOW = 64
"""Events in flight at once: the wait for an acknowledgement is shared by them."""
MAX_EVENT_BYTES = 1_000_000
"""NATS takes 1 MiB with headers. A larger event would be refused for ever and hold up all that come after it."""

_Item = tuple[str, str, bytes]
"""Subject, event id, body."""


class EventPublisher:
    """`publish` never blocks and never fails. Order is kept per process while nothing must be sent again; a resend is stored once."""

    def __init__(self, nats: NatsConnection, spool_dir: str, *, instance: str) -> None:
        self._nats = nats
        self._spool = Path(spool_dir) / f"events-{instance}.jsonl"
        self._refused = self._spool.with_suffix(".refused.jsonl")
        self._queue: asyncio.Queue[_Item] = asyncio.Queue(_MEMORY_LIMIT)
        self._scope = TaskScope("event_publisher")

    async def __aenter__(self) -> Self:
        for subject, event_id, body in self._take_spool():
            self._queue.put_nowait((subject, event_id, body))
        self._scope.start(self._run(), name="run")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            async with asyncio.timeout(_PUBLISH_TIMEOUT_S):
                await self._queue.join()
        except TimeoutError:
            _log.warning("events_left_in_spool", count=self._queue.qsize())
        await self._scope.close()
        while not self._queue.empty():
            self._write_spool(*self._queue.get_nowait())

    def publish(self, event: Event) -> None:
        """Hand over an event; it reaches JetStream now or after NATS is back."""
        item = (event.subject, event.id, event.model_dump_json(exclude_none=True).encode())
        if len(item[2]) > MAX_EVENT_BYTES:
            _log.error("event_too_large", subject=item[0], bytes=len(item[2]), kept_in=str(self._refused))
            self._append(self._refused, item, "failed")
            return
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            self._write_spool(*item)
        EVENTS_WAITING.set(self._queue.qsize())

    async def _run(self) -> None:
        while True:
            window = [await self._queue.get()]
            while len(window) < _WINDOW and not self._queue.empty():
                window.append(self._queue.get_nowait())
            count = len(window)
            await self._deliver(window)
            for _ in range(count):
                self._queue.task_done()
            EVENTS_WAITING.set(self._queue.qsize())

    async def _deliver(self, window: list[_Item]) -> None:
        waits = backoff_s(0.1, limit_s=2.0)
        try:
            while window:
                if self._nats.is_up:
                    await self._send(window)
                if window:
                    await asyncio.sleep(next(waits))
        except asyncio.CancelledError:
            for item in window:
                self._write_spool(*item)
            raise

    async def _send(self, window: list[_Item]) -> None:
        """All in order, without waiting for one acknowledgement before the next event; takes out of `window` what JetStream has stored."""
        sent: list[tuple[_Item, asyncio.Future[PubAck]]] = []
        error: BaseException | None = None
        try:
            async with asyncio.timeout(_PUBLISH_TIMEOUT_S):
                try:
                    for item in window:
                        subject, event_id, body = item
                        sent.append((item, await self._nats.jetstream.publish_async(subject, body, headers={"Nats-Msg-Id": event_id})))
                except NatsError as err:
                    error = err
                if sent:
                    await asyncio.wait([stored for _, stored in sent])
        except TimeoutError as err:
            error = err
        finally:
            # Also when this is cancelled: what is left in the window then goes to the spool.
            left: list[_Item] = []
            for item, stored in sent:
                if not stored.done() or stored.cancelled():
                    stored.cancel()
                elif (refused := stored.exception()) is None:
                    continue
                else:
                    error = refused
                left.append(item)
            EVENTS_TOTAL.labels("published").inc(len(sent) - len(left))
            window[:] = left + window[len(sent) :]
        if window:
            _log.warning("event_publish_failed", count=len(window), error=str(error) or type(error).__name__)

    def _write_spool(self, subject: str, event_id: str, body: bytes) -> None:
        self._append(self._spool, (subject, event_id, body), "spooled")

    @staticmethod
    def _append(path: Path, item: _Item, outcome: str) -> None:
        subject, event_id, body = item
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(json.dumps([subject, event_id, body.decode()]) + "\n")
        EVENTS_TOTAL.labels(outcome).inc()

    def _take_spool(self) -> list[_Item]:
        if not self._spool.exists():
            return []
        taken = self._spool.with_suffix(".taken")
        self._spool.replace(taken)
        lines = [json.loads(line) for line in taken.read_text().splitlines() if line.endswith("]")]
        taken.unlink()
        kept, overflow = lines[: _MEMORY_LIMIT // 2], lines[_MEMORY_LIMIT // 2 :]
        for subject, event_id, body in overflow:
            self._write_spool(subject, event_id, body.encode())
        return [(subject, event_id, body.encode()) for subject, event_id, body in kept]
