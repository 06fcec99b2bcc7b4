"""Writes one conversation's entries behind its back: batched, in order, never in the way of the audio."""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import structlog
from callstage_kit.redis.connection import REDIS_ERRORS
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import JOURNAL_ERRORS_TOTAL

from agent_runtime.journal.store import JournalStore
from agent_runtime.stages.entries import Entry, entry_json

_log = structlog.get_logger(__name__)
_MEMORY_LIMIT = 5000
_FLUSH_TIMEOUT_S = 0.5
_CLOSE_TIMEOUT_S = 1.0
_GATHER_S = 0.01
"""Entries that nobody waits for are written together, and not just when a request to a model or a voice is on its way."""


class Journal(Protocol):
    """Where entries go."""

    def append(self, entry: Entry) -> None:
        """Never blocks, never fails."""
        ...

    async def flush(self) -> None:
        """Wait until what was appended is stored, at most half a second; at once while Redis is down.

        Never returns once another process has the conversation: what would follow is that one's business, and whoever waits is about to be cancelled.
        """
        ...


class JournalWriter:
    """One conversation. While Redis is away entries wait in memory (oldest dropped beyond a limit) and the call goes on.

    `on_lost` is called once when another process took the conversation over, and has to end this one; nothing is written after that.
    """

    def __init__(self, store: JournalStore, session_id: str, tenant_id: str, token: int | None, on_lost: Callable[[], None]) -> None:
        self._store = store
        self._session_id = session_id
        self._tenant_id = tenant_id
        self._token = token
        self._on_lost = on_lost
        self._waiting: deque[bytes] = deque(maxlen=_MEMORY_LIMIT)
        self._wake = asyncio.Event()
        self._stored = asyncio.Event()
        self._stored.set()
        self._due: asyncio.TimerHandle | None = None
        self._is_failing = False
        self._is_lost = False
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None
        self._scope = TaskScope("journal")

    async def __aenter__(self) -> Self:
        self._task = self._scope.start(self._run(), name="run")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        self._is_closing = True
        self._wake.set()
        try:
            if not self._is_failing and self._task is not None:
                # A suspended call writes what it has, too: whoever goes on with it starts from there.
                await asyncio.wait({self._task}, timeout=_CLOSE_TIMEOUT_S)
        finally:
            if self._due is not None:
                self._due.cancel()
            if self._waiting:
                _log.warning("journal_left_unwritten", entries=len(self._waiting))
            await self._scope.close()

    def append(self, entry: Entry) -> None:
        """Queue an entry."""
        if self._is_lost:
            return
        self._waiting.append(entry_json(entry))
        self._stored.clear()
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_GATHER_S, self._wake.set)

    async def flush(self) -> None:
        """Wait for the store, bounded."""
        if self._waiting:
            self._wake.set()
        if not self._is_failing and not self._is_lost:
            try:
                async with asyncio.timeout(_FLUSH_TIMEOUT_S):
                    await self._stored.wait()
            except TimeoutError:
                self._failed("timeout")
        if self._is_lost:
            await asyncio.Event().wait()

    async def _run(self) -> None:
        waits = backoff_s(0.1, limit_s=2.0)
        while not self._is_lost:
            await self._wake.wait()
            self._wake.clear()
            if self._due is not None:
                self._due.cancel()
                self._due = None
            while self._waiting:
                batch = list(self._waiting)
                try:
                    await self._write(batch)
                except REDIS_ERRORS as err:
                    self._failed(type(err).__name__)
                    await asyncio.sleep(next(waits))
                    continue
                if self._is_lost:
                    break
                self._is_failing = False
                for _ in range(min(len(batch), len(self._waiting))):
                    self._waiting.popleft()
            self._stored.set()
            if self._is_closing:
                return

    async def _write(self, batch: list[bytes]) -> None:
        if self._token is None:
            self._token = (await self._store.open(self._session_id, self._tenant_id)).token
        if not await self._store.append(self._session_id, self._tenant_id, self._token, batch):
            self._is_lost = True
            self._waiting.clear()
            self._on_lost()

    def _failed(self, reason: str) -> None:
        JOURNAL_ERRORS_TOTAL.inc()
        if not self._is_failing:
            self._is_failing = True
            _log.warning("journal_unwritable", reason=reason)
