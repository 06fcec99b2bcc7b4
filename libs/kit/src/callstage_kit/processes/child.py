"""One process of a service that runs as several: start, watch, restart when it dies or hangs."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import aiohttp
import structlog

from callstage_kit.processes.orphans import die_with_parent
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope

_log = structlog.get_logger(__name__)
_ASK_EVERY_S: Final = 1.0
_ASK_TIMEOUT_S: Final = 5.0
_STABLE_AFTER_S: Final = 10.0
_LONGEST_PAUSE_S: Final = 10.0


class Child:
    """Runs `python <arguments>` with `env` until `stop`. `admin_url` is where its `/healthz`, `/readyz` and `/metrics` are.

    `died` is told the exit code of a life that nobody asked to end. `hang_s`: so long without an answer of `/healthz`, after it once gave one,
    and the process is killed and started again: what Kubernetes' liveness probe does for a container of one process.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        env: Mapping[str, str],
        admin_url: str,
        http: aiohttp.ClientSession,
        *,
        hang_s: float,
        died: Callable[[int], None],
    ) -> None:
        self.name = name
        self.is_ready = False
        self.was_ready = False
        """True once it has been ready in any of its lives."""
        self._died = died
        self._arguments = arguments
        self._env = env
        self._admin_url = admin_url
        self._http = http
        self._hang_s = hang_s
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping = False

    @property
    def pid(self) -> int:
        """0 while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def run(self) -> None:
        """Keeps it running until `stop`; a life that ends is followed by another, after a pause that grows while lives are short."""
        pauses = backoff_s(0.2, limit_s=_LONGEST_PAUSE_S)
        loop = asyncio.get_running_loop()
        while not self._is_stopping:
            born = loop.time()
            code = await self._live()
            if self._is_stopping:
                return
            _log.error("process_died", process=self.name, exit_code=code)
            self._died(code)
            if loop.time() - born > _STABLE_AFTER_S:
                pauses = backoff_s(0.2, limit_s=_LONGEST_PAUSE_S)
            await asyncio.sleep(next(pauses))

    def stop(self) -> None:
        """Asks it to drain; `run` returns when it is gone."""
        self._is_stopping = True
        with contextlib.suppress(ProcessLookupError):
            if self._process is not None:
                self._process.terminate()

    def kill(self) -> None:
        """Ends it at once."""
        with contextlib.suppress(ProcessLookupError):
            if self._process is not None:
                self._process.kill()

    async def metrics(self) -> str:
        """What its `/metrics` says; empty when it does not answer."""
        _, text = await self._ask("/metrics")
        return text

    async def _live(self) -> int:
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            env={**os.environ, **self._env},
            stdin=asyncio.subprocess.DEVNULL,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        try:
            async with TaskScope(self.name) as scope:
                scope.start(self._watch(), name="watch")
                return await process.wait()
        finally:
            # When we are cancelled.
            self.is_ready = False
            self.kill()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        alive_at: float | None = None
        while True:
            status, _ = await self._ask("/healthz")
            if status == 200:
                alive_at = loop.time()
            elif alive_at is not None and loop.time() - alive_at > self._hang_s:
                _log.error("process_hangs", process=self.name, silent_s=round(loop.time() - alive_at))
                self.kill()
                return
            status, _ = await self._ask("/readyz")
            self.is_ready = status == 200
            self.was_ready |= self.is_ready
            await asyncio.sleep(_ASK_EVERY_S)

    async def _ask(self, path: str) -> tuple[int, str]:
        """0 when there is no answer."""
        try:
            async with self._http.get(self._admin_url + path, timeout=aiohttp.ClientTimeout(total=_ASK_TIMEOUT_S)) as response:
                return response.status, await response.text()
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0, ""
