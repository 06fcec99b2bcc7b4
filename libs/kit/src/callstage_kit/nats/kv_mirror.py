"""A KV bucket held in memory and kept current: how the data plane reads configuration without asking anybody (rules N4, D3)."""

import asyncio
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

import structlog
from callstage_contracts.buckets import Bucket
from nats.js.kv import KeyValue
from pydantic import BaseModel, ValidationError

from callstage_kit.nats.connection import NatsConnection
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope

M = TypeVar("M", bound=BaseModel)
_log = structlog.get_logger(__name__)
_PUT = (None, "PUT")


class KvMirror(Generic[M]):
    """Entered = the whole bucket is in memory (waits up to `ready_timeout_s` for the first fill) and follows every change.

    A value that does not parse (a newer release wrote it) is logged and the last good one stays. When NATS is away the last
    known values stay; after its return the watch is renewed from the start.
    """

    def __init__(self, nats: NatsConnection, bucket: Bucket[M], *, ready_timeout_s: float = 10.0) -> None:
        self._nats = nats
        self._bucket = bucket
        self._ready_timeout_s = ready_timeout_s
        self._values: dict[str, M] = {}
        self._ready = asyncio.Event()
        self._scope = TaskScope(f"kv_{bucket.name}")
        self._listeners: list[Callable[[str, M | None], None]] = []

    async def __aenter__(self) -> Self:
        self._scope.start(self._follow(), name="follow")
        async with asyncio.timeout(self._ready_timeout_s):
            await self._ready.wait()
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()

    def get(self, key: str) -> M | None:
        """The current value, None when there is none."""
        return self._values.get(key)

    def items(self) -> Iterator[tuple[str, M]]:
        """A copy of all entries."""
        return iter(list(self._values.items()))

    def on_change(self, listener: Callable[[str, M | None], None]) -> None:
        """Call `listener(key, value or None)` after each change; it must not block."""
        self._listeners.append(listener)

    @property
    def is_ready(self) -> bool:
        """True once the bucket was read completely."""
        return self._ready.is_set()

    async def _follow(self) -> None:
        waits = backoff_s()
        while True:
            try:
                await self._watch(await self._nats.bucket(self._bucket.name))
            except Exception as err:
                _log.warning("kv_watch_lost", bucket=self._bucket.name, error=str(err) or type(err).__name__)
            await asyncio.sleep(next(waits))

    async def _watch(self, kv: KeyValue) -> None:
        watcher = await kv.watchall()  # pyright: ignore[reportUnknownVariableType]
        seen: set[str] = set()
        filling = True
        try:
            while True:
                try:
                    entry = await watcher.updates(timeout=30)
                except TimeoutError:
                    continue
                if entry is None:
                    filling = False
                    for key in set(self._values) - seen:
                        self._apply(key, None)
                    self._ready.set()
                    continue
                if not isinstance(entry, KeyValue.Entry):
                    return
                if filling:
                    seen.add(entry.key)
                self._apply(entry.key, entry.value if entry.operation in _PUT else None)
        finally:
            await watcher.stop()

    def _apply(self, key: str, data: bytes | None) -> None:
        if data is None:
            self._values.pop(key, None)
        else:
            try:
                self._values[key] = self._bucket.model.model_validate_json(data)
            except ValidationError as err:
                _log.error("kv_value_refused", bucket=self._bucket.name, key=key, errors=err.error_count())
                return
        for listener in self._listeners:
            listener(key, self._values.get(key))
