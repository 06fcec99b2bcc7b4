"""What waits to be written to one socket, bounded in bytes and in time (rule WS7)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL

Send = Callable[[dict[str, Any]], Awaitable[None]]
Sent = Callable[[], None]

MAX_BYTES: Final = 8 << 20
"""About three minutes of raw 24 kHz speech: more than any utterance."""
MAX_STALL_S: Final = 15.0
"""A reader that takes nothing for this long is gone or broken."""


class Outbox:
    """The writing half of a socket. One task runs `run`; everybody else only queues.

    With `write_now` (False: would have to wait) a message that finds nothing before it is on the wire when `put` returns.
    """

    def __init__(
        self,
        send: Send,
        on_stuck: Callable[[str], None],
        *,
        max_bytes: int = MAX_BYTES,
        max_stall_s: float = MAX_STALL_S,
        write_now: Callable[[str | bytes], bool] | None = None,
    ) -> None:
        self._send = send
        self._write_now = write_now
        self._on_stuck = on_stuck
        self._max_bytes = max_bytes
        self._max_stall_s = max_stall_s
        self._items: deque[tuple[str | bytes, bool, Sent | None]] = deque()
        self._bytes = 0
        self._wakeup = asyncio.Event()
        self._is_closed = False
        self._is_stuck = False
        self._is_writing = False
        self._deadline: asyncio.Timeout | None = None
        self._done = asyncio.Event()

    def put(self, message: str | bytes, *, is_media: bool = False, sent: Sent | None = None) -> None:
        """Queue a frame; `sent` is called once it was written. Nothing is queued after the outbox closed or got stuck."""
        if self._is_closed:
            return
        if self._write_now is not None and not self._items and not self._is_writing and self._write_now(message):
            if sent is not None:
                sent()
            return
        self._items.append((message, is_media, sent))
        self._bytes += len(message)
        self._wakeup.set()
        if self._bytes > self._max_bytes:
            self._stuck("the client does not read: too much audio waits")

    def drop_media(self) -> None:
        """Forget audio that was not written yet."""
        if any(is_media for _, is_media, _ in self._items):
            self._items = deque(item for item in self._items if not item[1])
            self._bytes = sum(len(item[0]) for item in self._items)

    def finish(self) -> None:
        """`run` ends once what is queued was written."""
        self._is_closed = True
        self._wakeup.set()

    async def written(self) -> None:
        """Wait until `run` has ended."""
        await self._done.wait()

    async def run(self) -> None:
        """Write until `finish`, or until the reader is stuck or gone."""
        try:
            await self._write_all()
        finally:
            self._done.set()

    async def _write_all(self) -> None:
        while True:
            while self._items:
                message, _, sent = self._items.popleft()
                self._bytes -= len(message)
                if not await self._write(message):
                    return
                if sent is not None:
                    sent()
            if self._is_closed:
                return
            self._wakeup.clear()
            await self._wakeup.wait()

    async def _write(self, message: str | bytes) -> bool:
        frame = {"type": "websocket.send", "text": message} if isinstance(message, str) else {"type": "websocket.send", "bytes": message}
        self._is_writing = True
        try:
            async with asyncio.timeout(self._max_stall_s) as self._deadline:
                await self._send(frame)
        except TimeoutError:
            if not self._is_stuck:
                self._stuck(f"the client did not read for {self._max_stall_s:.0f} s")
            return False
        except (OSError, RuntimeError):
            # The socket is closed; the reading half sees it, too, and tells.
            self._drop_everything()
            return False
        finally:
            self._is_writing = False
        return True

    def _stuck(self, why: str) -> None:
        QUEUE_DROPPED_TOTAL.labels("socket").inc(len(self._items))
        self._is_stuck = True
        self._drop_everything()
        if self._deadline is not None and not self._deadline.expired():
            self._give_up_writing(self._deadline)
        self._on_stuck(why)

    @staticmethod
    def _give_up_writing(deadline: asyncio.Timeout) -> None:
        """The write that waits for the reader must not keep the close frame waiting, too."""
        try:
            deadline.reschedule(asyncio.get_running_loop().time())
        except RuntimeError:
            return

    def _drop_everything(self) -> None:
        self._is_closed = True
        self._items.clear()
        self._bytes = 0
        self._wakeup.set()
