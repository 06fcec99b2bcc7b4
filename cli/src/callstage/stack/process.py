"""One supervised process: start, prefixed output, restart when it dies, stop."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from callstage_kit.processes.orphans import die_with_parent
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope

_LINE_LIMIT = 1 << 16
_STABLE_AFTER_S = 10.0
_KEPT_LINES = 12
_LOG_LIMIT_BYTES = 20_000_000


@dataclass(frozen=True)
class ProcessSpec:
    """What to run. `instance` is unique in the stack; `quiet` keeps its output out of the terminal (it is in the log file).

    `orphan_signal` is what the kernel sends when the supervisor was killed.
    """

    name: str
    instance: str
    command: Sequence[str]
    env: Mapping[str, str]
    admin_port: int = 0
    quiet: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 12.0
    folder: Path | None = None


class ManagedProcess:
    """Runs its spec until `stop`; a death is answered by a restart with growing pauses."""

    def __init__(self, spec: ProcessSpec, logs: Path, say: Callable[[str, str], None], on_start: Callable[[], None]) -> None:
        self.spec = spec
        self.deaths = 0
        self.last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._log_path = logs / f"{spec.instance}.log"
        self._say = say
        self._on_start = on_start
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int:
        """0 while it does not run."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def run(self) -> None:
        """Keep it running."""
        _keep_short(self._log_path)
        pauses = backoff_s(0.1, limit_s=5.0)
        loop = asyncio.get_running_loop()
        while not self._stopping:
            started = loop.time()
            code = await self._run_once()
            if self._stopping:
                return
            self.deaths += 1
            self._say(self.spec.instance, f"died ({_describe(code)}); starting it again. Its log: {self._log_path}")
            if loop.time() - started > _STABLE_AFTER_S:
                pauses = backoff_s(0.1, limit_s=5.0)
            await asyncio.sleep(next(pauses))

    async def stop(self) -> None:
        """Ask, wait, kill."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(self.spec.stop_signal)
        try:
            async with asyncio.timeout(self.spec.stop_timeout_s):
                await process.wait()
        except TimeoutError:
            self._say(self.spec.instance, f"did not stop within {self.spec.stop_timeout_s:.0f} s; killed")
            self.kill()
            await process.wait()
        finally:
            # A grandchild that outlived its parent would hold our pipe open.
            self.kill()

    def kill(self) -> None:
        """End it and its children at once."""
        self._stopping = True
        if self._process is not None:
            self._end_group(self._process)

    async def _run_once(self) -> int:
        async with _output() as (output, theirs):
            try:
                self._process = process = await asyncio.create_subprocess_exec(
                    *self.spec.command,
                    env=dict(self.spec.env),
                    cwd=self.spec.folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=theirs,
                    stderr=asyncio.subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=partial(die_with_parent, self.spec.orphan_signal),
                )
            finally:
                os.close(theirs)
            try:
                self._on_start()
                return await self._watch(process, output)
            finally:
                # When we are cancelled.
                self._end_group(process)

    async def _watch(self, process: asyncio.subprocess.Process, output: asyncio.StreamReader) -> int:
        async with TaskScope(self.spec.instance) as scope:
            copying = scope.start(self._copy_output(output), name="output")
            code = await process.wait()
            # Workers of a process that died alone hold ports, and our pipe.
            self._end_group(process)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await copying
        return code

    @staticmethod
    def _end_group(process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

    async def _copy_output(self, output: asyncio.StreamReader) -> None:
        with self._log_path.open("ab", buffering=0) as log:
            while True:
                try:
                    line = await output.readline()
                except ValueError:
                    continue
                if not line:
                    return
                log.write(line)
                text = line.decode(errors="replace").rstrip()
                self.last_lines.append(text)
                if not self.spec.quiet:
                    self._say(self.spec.instance, text)


@asynccontextmanager
async def _output() -> AsyncGenerator[tuple[asyncio.StreamReader, int]]:
    """A pipe: our end as a stream, theirs as a number to close once they have it.

    asyncio's own pipes would make `wait` wait for everybody who inherited them, so that a dead process with living workers looked alive.
    """
    ours, theirs = os.pipe()
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours, "rb", buffering=0))
    try:
        yield reader, theirs
    finally:
        transport.close()


def _describe(code: int) -> str:
    if code >= 0:
        return f"exit {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _keep_short(log: Path) -> None:
    """The log of earlier runs, moved aside when it has grown long."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
