"""An event loop whose clock jumps: when nothing is ready it goes straight to the next timer.

Sockets inside the process work (the loopback is instant); a peer in another process does not, it would live in another time.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_THREAD_POLL_S = 0.001


class _JumpingSelector(selectors.BaseSelector):
    """Never sleeps while a timer is due later; tells the loop to jump there instead."""

    def __init__(self) -> None:
        self._inner = selectors.DefaultSelector()
        self.jump: Callable[[float], None] = lambda _: None
        self.threads_busy: Callable[[], bool] = lambda: False

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._inner.select(0)
        if ready or timeout == 0:
            return ready
        if self.threads_busy():
            # Real work is under way: wait for it in real time, the clock stands still.
            return self._inner.select(_THREAD_POLL_S)
        if timeout is None:
            return self._inner.select(None)
        self.jump(timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and advances only by jumps. Work in executors holds the clock until it is done."""

    is_virtual = True

    def __init__(self) -> None:
        self._now = 0.0
        self._busy = 0
        selector = _JumpingSelector()
        super().__init__(selector)
        selector.jump = self._jump
        selector.threads_busy = lambda: self._busy > 0

    def time(self) -> float:
        return self._now

    def _jump(self, seconds: float) -> None:
        self._now += seconds

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._busy += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._work_done)
        return future

    def _work_done(self, _: Any) -> None:
        self._busy -= 1


class PendingTasksLeft(AssertionError):
    """The code under test returned and left tasks running."""


def run_virtual(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time. Raises `PendingTasksLeft` when tasks are left behind."""
    loop = VirtualTimeLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(_checked(work))


async def _checked(work: Coroutine[Any, Any, T]) -> T:
    result = await work
    for _ in range(3):
        await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if left:
        raise PendingTasksLeft(", ".join(f"{task.get_name()}: {task.get_coro()!r}" for task in left))
    return result


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Decorate an async test: it runs on a `VirtualTimeLoop` (its fixtures must be sync)."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_virtual(test(*args, **kwargs))

    return run
