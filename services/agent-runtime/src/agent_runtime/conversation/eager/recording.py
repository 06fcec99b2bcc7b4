"""A stream that is read ahead of whoever may want it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from callstage_kit.tasks import TaskScope

T = TypeVar("T")


class Recording(Generic[T]):
    """Reads `source` in a task of `scope` from now on. `play` gives everything from the beginning, once; `stop` ends the vendor's work."""

    def __init__(self, scope: TaskScope, source: Callable[[Callable[[T], None]], AsyncGenerator[T, None]], *, on_item: Callable[[T], None]) -> None:
        """`source` gets a function that puts an item between its own; `on_item` is told each item as it comes."""
        self._items: list[T] = []
        self._on_item = on_item
        self._news = asyncio.Event()
        self._is_over = False
        self._failure: Exception | None = None
        self._task = scope.start(self._read(source(self._add)), name="eager")

    @property
    def has_failed(self) -> bool:
        """True: the source raised."""
        return self._failure is not None

    @property
    def is_empty(self) -> bool:
        """True while nothing came."""
        return not self._items

    async def play(self) -> AsyncGenerator[T, None]:
        """Items as they came, then as they come. Raises what the source raised. Closing it stops the source."""
        position = 0
        try:
            while True:
                while position < len(self._items):
                    position += 1
                    yield self._items[position - 1]
                if self._is_over:
                    break
                self._news.clear()
                await self._news.wait()
            if self._failure is not None:
                raise self._failure
        finally:
            self.stop()

    def stop(self) -> None:
        """Cancel what is still being made. Its scope waits for the end of it, the call does not."""
        self._task.cancel()

    def _add(self, item: T) -> None:
        self._items.append(item)
        self._news.set()
        self._on_item(item)

    async def _read(self, source: AsyncGenerator[T, None]) -> None:
        try:
            async with aclosing(source) as items:
                async for item in items:
                    self._add(item)
        except Exception as err:
            # Whoever plays it meets the failure; when nobody does, it never mattered.
            self._failure = err
        finally:
            self._is_over = True
            self._news.set()
