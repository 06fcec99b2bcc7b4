"""Every call of tool code to the outside passes here: counted, journaled, timed, with errors that tool code can catch."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self, TypeVar, cast

import orjson
import structlog
from callstage_kit.tasks import TaskScope, settle

from tool_sandbox.backends.port import SANDBOX_ERRORS, BackendError, BackendErrorKind
from tool_sandbox.execution.journal import Journal, JournalEntry, LeaseLost, OutcomeUnknown
from tool_sandbox.outcome import HostCallRecord, RunOutcome, RunStatus
from tool_sandbox.values import ValueRefused, as_json, backend_time

T = TypeVar("T")
_log = structlog.get_logger(__name__)
_MAX_ARGUMENT_BYTES = 1 << 20
_AT_ONCE = 16

UNKNOWN_TEXT = "It is not known whether this change was made. Do not try again; tell the caller that somebody will check."


class Verdict:
    """Why a run must end at once, whatever its code does; the first reason stays."""

    def __init__(self) -> None:
        self.outcome: RunOutcome | None = None
        self._deadline: asyncio.Timeout | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def arm(self, deadline: asyncio.Timeout) -> None:
        """End the run by ending its deadline."""
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()

    def disarm(self) -> None:
        """The run's code has ended; a later reason only changes the outcome."""
        self._deadline = None

    def end(self, outcome: RunOutcome) -> None:
        """Stop the run with this outcome. May be called from any thread: the worker's callbacks do not run in the event loop."""
        if self.outcome is not None:
            return
        self.outcome = outcome
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._expire)

    def _expire(self) -> None:
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time())

    def unknown(self) -> None:
        """Stop: an effect may or may not have happened."""
        self.end(RunOutcome.failed("outcome_unknown", UNKNOWN_TEXT, status=RunStatus.UNKNOWN))


class HostCalls:
    """The host calls of one run. Entered: calls may run; leaving cancels those still running."""

    def __init__(self, journal: Journal, verdict: Verdict, *, limit: int) -> None:
        self._journal = journal
        self._verdict = verdict
        self._limit = limit
        self._scope = TaskScope("host_calls", on_failure=lambda _, __: None)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._open_writes: set[int] = set()
        self._count = 0
        self._begun = 0
        self._progress = asyncio.Event()
        self.records: list[HostCallRecord] = []
        self.raised: dict[tuple[str, str], BackendErrorKind] = {}
        """Backend errors given to tool code, by type name and message, to be known again when the code does not catch them."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._scope.close()

    @property
    def has_open_writes(self) -> bool:
        """A write was begun and its answer never came."""
        return bool(self._open_writes) or self._journal.has_open_writes

    async def settled(self) -> None:
        """Wait for calls that the tool's code made and did not await."""
        while self._begun < self._count:
            self._progress.clear()
            await self._progress.wait()
        await settle(self._tasks)

    def perform(self, name: str, arguments: object, work: Callable[[], Awaitable[Any]], *, is_write: bool) -> Coroutine[Any, Any, Any]:
        """The coroutine that tool code awaits. The call gets its number now, in the order of the code. `arguments`: see `clean`."""
        return self._numbered(name, arguments, lambda sequence, encoded: self._run(sequence, name, encoded, work, is_write))

    def perform_repeatable(
        self, name: str, arguments: object, work: Callable[[bool], Awaitable[Any]], *, on_answer: Callable[[Any], None] | None = None
    ) -> Coroutine[Any, Any, Any]:
        """As `perform`, of a write that knows what to do when it was cut off: then it is `work(True)`. `on_answer` is told a recorded answer, too."""

        async def run(sequence: int, encoded: bytes) -> Any:
            was_cut_off = self._journal.was_cut_off(sequence, name, encoded)
            answer = await self._run(sequence, name, encoded, lambda: work(was_cut_off), is_write=True)
            if on_answer is not None:
                on_answer(answer)
            return answer

        return self._numbered(name, arguments, run)

    def _numbered(self, name: str, arguments: object, run: Callable[[int, bytes], Coroutine[Any, Any, Any]]) -> Coroutine[Any, Any, Any]:
        self._count += 1
        sequence = self._count
        if sequence > self._limit:
            self._verdict.end(RunOutcome.failed("host_call_limit", f"the tool made more than {self._limit} calls"))
            return self._within_scope(_never, "over_limit")
        encoded = orjson.dumps(arguments)
        return self._within_scope(lambda: run(sequence, encoded), name)

    async def _within_scope(self, work: Callable[[], Coroutine[Any, Any, Any]], name: str) -> Any:
        """Calls run as tasks of ours: the worker's library does not cancel what it awaits when a run is cut off."""
        self._begun += 1
        self._progress.set()
        task = self._scope.start(work(), name=name)
        self._tasks.add(task)
        return await task

    async def _run(self, sequence: int, name: str, encoded: bytes, work: Callable[[], Awaitable[Any]], is_write: bool) -> Any:
        try:
            entry = await self._journal.before(sequence, name, encoded, is_write=is_write)
            if entry.is_finished:
                return self._replayed(entry)
            async with self._places:
                return await self._call(sequence, entry, work)
        except (LeaseLost, OutcomeUnknown):
            self._verdict.unknown()
            return await _never()

    def _replayed(self, entry: JournalEntry) -> Any:
        self.records.append(HostCallRecord(entry.name, 0, entry.error is not None))
        if entry.error is not None:
            raise self._visible(cast(BackendErrorKind, entry.error[0]), entry.error[1])
        return entry.result

    async def _call(self, sequence: int, entry: JournalEntry, work: Callable[[], Awaitable[Any]]) -> Any:
        started = time.perf_counter()
        if entry.is_write:
            self._open_writes.add(sequence)
        try:
            result = await work()
        except BackendError as err:
            self._record(entry, started, is_error=True)
            if entry.is_write and err.is_ambiguous:
                raise OutcomeUnknown from err
            self._open_writes.discard(sequence)
            await self._journal.after(sequence, entry, error=(err.kind, err.message))
            raise self._visible(err.kind, err.message) from err
        except Exception as err:
            _log.exception("host_call_failed", call=entry.name)
            self._record(entry, started, is_error=True)
            if entry.is_write:
                raise OutcomeUnknown from err
            raise self._visible("failed", "the call failed inside the platform") from err
        self._record(entry, started, is_error=False)
        self._open_writes.discard(sequence)
        await self._journal.after(sequence, entry, result=result)
        return result

    def _record(self, entry: JournalEntry, started: float, *, is_error: bool) -> None:
        self.records.append(HostCallRecord(entry.name, int((time.perf_counter() - started) * 1000), is_error))

    def _visible(self, kind: BackendErrorKind, message: str) -> OSError:
        error = SANDBOX_ERRORS[kind](message)
        self.raised[type(error).__name__, message] = kind
        return error


async def _never() -> Any:
    """The run is over; its code is never answered again."""
    await asyncio.Event().wait()


def clean(value: T) -> T:
    """A plain JSON copy of arguments from tool code, so that nothing of the sandbox's own objects goes on. Raises ValueError."""
    try:
        return orjson.loads(as_json(value, max_bytes=_MAX_ARGUMENT_BYTES, time_text=backend_time, is_strict=True))
    except ValueRefused as err:
        raise ValueError(err.message) from err
