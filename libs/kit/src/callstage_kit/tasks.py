"""Structured concurrency: the only place that makes tasks.

Every task lives in a `TaskScope` owned by an object with `async with`; leaving it cancels and awaits the children.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

T = TypeVar("T")
_log = structlog.get_logger(__name__)
_CANCEL_AGAIN_S = 3.0
"""Longer than the cleanup of any task may take."""


class TaskScope:
    """A set of tasks that die together.

    Unlike `asyncio.TaskGroup` a failing child does not take its siblings along: it is logged and counted by `on_failure`, because
    one broken background job must not end a service. Use `TaskGroup` where the children are one piece of work.
    """

    def __init__(self, name: str, *, on_failure: Callable[[str, BaseException], None] | None = None) -> None:
        self.name = name
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self.close()

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `work` until it ends or the scope closes."""
        if self._closing:
            work.close()
            raise RuntimeError(f"task scope '{self.name}' is closed")
        task = asyncio.get_running_loop().create_task(work, name=f"{self.name}.{name}")
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        """Cancel what still runs and wait for it."""
        self._closing = True
        current = asyncio.current_task()
        pending = [task for task in self._tasks if task is not current]
        while pending:
            for task in pending:
                task.cancel()
            # Python 3.11's `asyncio.wait_for` (used inside nats-py) may swallow a cancellation that meets a result: ask again.
            _, left = await asyncio.wait(pending, timeout=_CANCEL_AGAIN_S)
            pending = list(left)

    @property
    def size(self) -> int:
        """How many tasks run."""
        return len(self._tasks)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        if self._on_failure is not None:
            self._on_failure(task.get_name(), error)
        else:
            _log.error("task_failed", task=task.get_name(), exc_info=error)


async def settle(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Wait for all of them, whatever their outcome; outcomes stay in the tasks."""
    pending = [task for task in tasks if not task.done()]
    if pending:
        await asyncio.wait(pending)


async def cancel(task: asyncio.Task[Any] | None) -> None:
    """Cancel one task and wait until it is gone."""
    if task is not None and not task.done():
        task.cancel()
        await settle([task])


async def all_of(*work: Awaitable[T]) -> list[T]:
    """Results in order; the first failure cancels the rest and is raised as itself."""

    async def run(item: Awaitable[T]) -> T:
        return await item

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(item)) for item in work]
    except BaseExceptionGroup as group_error:
        raise group_error.exceptions[0] from group_error
    return [task.result() for task in tasks]


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`, or None when `stop` was set before it was done; then it is cancelled."""
    async with TaskScope("unless", on_failure=lambda _name, _error: None) as scope:
        working = scope.start(work, name="work")
        stopping = scope.start(stop.wait(), name="stop")
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None


async def forever(interval_s: float, work: Callable[[], Awaitable[None]], *, name: str) -> None:
    """Run `work` every `interval_s` seconds; a failure is logged and the next round comes all the same."""
    while True:
        try:
            await work()
        except Exception:
            _log.exception("periodic_work_failed", work=name)
        await asyncio.sleep(interval_s)


async def in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Run blocking or CPU-heavy work (> 1 ms) off the event loop."""
    return await asyncio.to_thread(function, *arguments)
