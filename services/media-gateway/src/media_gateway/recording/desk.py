"""All recordings of the process: sound in, sealed objects out. Encoding runs in a thread, storing waits for the store; a call waits for neither."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Any, Final, Self

import structlog
from callstage_contracts.events import Event, RecordingReady, RecordingStarted
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.crypto import SecretBox
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.recordings.store import RecordingStore
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope, in_thread
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL

from media_gateway.recording.part_writer import PartFacts, PartWriter, Stretch

_log = structlog.get_logger(__name__)
MAX_WAITING: Final = 4000
"""Stretches, of a second each: about 60 MB. An encoder that is this far behind gives sound up, not calls."""
MAX_UNSTORED_BYTES: Final = 64 << 20
"""While the store is away. The oldest goes first, and becomes silence."""
_LEAVE_S: Final = 5.0
_BATCH: Final = 64

_Work = tuple[PartWriter, Stretch]
_Unstored = tuple[str, bytes] | Event
"""An object, or what is told once all before it is stored."""


class RecordingDesk:
    """Entered = working. Leaving it stores what there is, for some seconds."""

    def __init__(self, store: RecordingStore, box: SecretBox, publisher: EventPublisher) -> None:
        self._store = store
        self._box = box
        self._publisher = publisher
        self._work: deque[_Work] = deque()
        self._has_work = asyncio.Event()
        self._unstored: deque[_Unstored] = deque()
        self._unstored_bytes = 0
        self._encoding = 0
        self._has_unstored = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._scope = TaskScope("recording")

    async def __aenter__(self) -> Self:
        self._scope.start(self._encode_all(), name="encode")
        self._scope.start(self._store_all(), name="store")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            async with asyncio.timeout(_LEAVE_S):
                await self._is_idle.wait()
        except TimeoutError:
            _log.warning("recordings_cut_off", stretches=len(self._work), objects=len(self._unstored))
        await self._scope.close()

    def open(self, facts: PartFacts, uplink: AudioFormat, downlink: AudioFormat) -> PartWriter:
        """A new part; the records learn of it at once."""
        self._publisher.publish(RecordingStarted(**_told(facts)))
        return PartWriter(facts, uplink, downlink, self._box)

    def put(self, writer: PartWriter, stretch: Stretch) -> None:
        """Never waits. Only the last stretch of a part is never given up."""
        if len(self._work) >= MAX_WAITING and not stretch.is_last:
            QUEUE_DROPPED_TOTAL.labels("recording").inc()
            stretch = Stretch(stretch.length_ms, is_silenced=True)
        self._work.append((writer, stretch))
        self._is_idle.clear()
        self._has_work.set()

    async def _encode_all(self) -> None:
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            while self._work:
                batch = [self._work.popleft() for _ in range(min(len(self._work), _BATCH))]
                self._encoding = len(batch)
                for ready in await in_thread(_written, batch):
                    self._keep(ready)
                self._encoding = 0
            self._rest()

    def _keep(self, ready: _Unstored) -> None:
        self._unstored.append(ready)
        if not isinstance(ready, Event):
            self._unstored_bytes += len(ready[1])
        while self._unstored_bytes > MAX_UNSTORED_BYTES:
            oldest = next(item for item in self._unstored if not isinstance(item, Event))
            self._unstored.remove(oldest)
            self._unstored_bytes -= len(oldest[1])
            QUEUE_DROPPED_TOTAL.labels("recording").inc()
        self._has_unstored.set()

    async def _store_all(self) -> None:
        waits = backoff_s(0.2, limit_s=5.0)
        while True:
            await self._has_unstored.wait()
            self._has_unstored.clear()
            while self._unstored:
                item = self._unstored[0]
                try:
                    await self._store_one(item)
                except DependencyError as err:
                    _log.warning("recording_not_stored", error=err.message, waiting=len(self._unstored))
                    await asyncio.sleep(next(waits))
                    continue
                waits = backoff_s(0.2, limit_s=5.0)
                if self._unstored and self._unstored[0] is item:
                    self._unstored.popleft()
                    self._unstored_bytes -= 0 if isinstance(item, Event) else len(item[1])
            self._rest()

    async def _store_one(self, item: _Unstored) -> None:
        if isinstance(item, Event):
            self._publisher.publish(item)
        else:
            await self._store.put(*item)

    def _rest(self) -> None:
        if not self._work and not self._encoding and not self._unstored:
            self._is_idle.set()


def _written(batch: list[_Work]) -> list[_Unstored]:
    found: list[_Unstored] = []
    for writer, stretch in batch:
        try:
            found += writer.write(stretch)
        except Exception:
            # One broken part must not end the recordings of all other calls.
            _log.exception("recording_broken", call_id=writer.facts.call_id)
            continue
        if stretch.is_last:
            found.append(RecordingReady(**_told(writer.facts), frames=writer.frames, size_bytes=writer.size_bytes))
    return found


def _told(facts: PartFacts) -> dict[str, Any]:
    names = ("tenant_id", "call_id", "part", "kind", "rate_hz", "first_frame", "retention_days")
    return {name: getattr(facts, name) for name in names}
