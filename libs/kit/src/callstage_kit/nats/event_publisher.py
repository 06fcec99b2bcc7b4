"""Events leave the process here and are never lost: memory → JetStream, or a local spool file while NATS is away (rules K4, EV1)."""

import asyncio
import json
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from callstage_contracts.events import Event
from nats.errors import Error as NatsError

from callstage_kit.nats.connection import NatsConnection
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import EVENTS_TOTAL, EVENTS_WAITING

_log = structlog.get_logger(__name__)
_PUBLISH_TIMEOUT_S = 2.0
_MEMORY_LIMIT = 10_000
_BATCH = 64


class EventPublisher:
    """`publish` never blocks and never fails. Order is kept per process; a resend is stored once by its id."""

    def __init__(self, nats: NatsConnection, spool_dir: str, *, instance: str) -> None:
        self._nats = nats
        self._spool = Path(spool_dir) / f"events-{instance}.jsonl"
        self._queue: asyncio.Queue[tuple[str, str, bytes]] = asyncio.Queue(_MEMORY_LIMIT)
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
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            self._write_spool(*item)
        EVENTS_WAITING.set(self._queue.qsize())

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._deliver(batch)
            for _ in batch:
                self._queue.task_done()
            EVENTS_WAITING.set(self._queue.qsize())

    async def _deliver(self, batch: list[tuple[str, str, bytes]]) -> None:
        waits = backoff_s(0.1, limit_s=2.0)
        position = 0
        try:
            while position < len(batch):
                subject, event_id, body = batch[position]
                try:
                    await self._nats.jetstream.publish(subject, body, timeout=_PUBLISH_TIMEOUT_S, headers={"Nats-Msg-Id": event_id})
                except (NatsError, TimeoutError) as err:
                    _log.warning("event_publish_failed", error=str(err) or type(err).__name__)
                    await asyncio.sleep(next(waits))
                    continue
                EVENTS_TOTAL.labels("published").inc()
                position += 1
        except asyncio.CancelledError:
            for item in batch[position:]:
                self._write_spool(*item)
            raise

    def _write_spool(self, subject: str, event_id: str, body: bytes) -> None:
        self._spool.parent.mkdir(parents=True, exist_ok=True)
        with self._spool.open("a") as file:
            file.write(json.dumps([subject, event_id, body.decode()]) + "\n")
        EVENTS_TOTAL.labels("spooled").inc()

    def _take_spool(self) -> list[tuple[str, str, bytes]]:
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
