"""The result of the caller lookup, for whoever needs it before he speaks (rule V7)."""

import asyncio


class CallerLookup:
    """One call. `wait_ms` is as long as the gateway says that it may take, from now on; 0: there is none."""

    def __init__(self, wait_ms: float) -> None:
        self.wait_s = wait_ms / 1000
        self.done = asyncio.Event()
        """It has its result, or is not waited for any longer."""
        self._by_s = asyncio.get_running_loop().time() + self.wait_s
        if not wait_ms:
            self.done.set()

    async def ready(self) -> None:
        """Wait for it, in its time."""
        if self.done.is_set():
            return
        try:
            async with asyncio.timeout_at(self._by_s):
                await self.done.wait()
        except TimeoutError:
            self.done.set()
