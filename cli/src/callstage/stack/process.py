"""One supervised process: start, prefixed output, restart when it dies, stop."""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope

_PR_SET_PDEATHSIG = 1
_LINE_LIMIT = 1 << 16
_STABLE_AFTER_S = 10.0
_LIBC = ctypes.CDLL(None)


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class ProcessSpec:
    """What to run. `instance` is unique in the stack; `quiet` keeps its output out of the terminal (it is in the log file)."""

    name: str
    instance: str
    command: Sequence[str]
    env: Mapping[str, str]
    admin_port: int = 0
    quiet: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 12.0
    extra: Mapping[str, str] = field(default_factory=dict[str, str])


class ManagedProcess:
    """Runs its spec until `stop`; a death is answered by a restart with growing pauses."""

    def __init__(self, spec: ProcessSpec, logs: Path, say: Callable[[str, str], None], on_start: Callable[[], None]) -> None:
        self.spec = spec
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
        pauses = backoff_s(0.1, limit_s=5.0)
        loop = asyncio.get_running_loop()
        while not self._stopping:
            started = loop.time()
            code = await self._run_once()
            if self._stopping:
                return
            self._say(self.spec.instance, f"died (exit {code}); starting it again. Its log: {self._log_path}")
            if loop.time() - started > _STABLE_AFTER_S:
                pauses = backoff_s(0.1, limit_s=5.0)
            await asyncio.sleep(next(pauses))

    async def stop(self) -> None:
        """Ask, wait, kill."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(self.spec.stop_signal)
        try:
            async with asyncio.timeout(self.spec.stop_timeout_s):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        finally:
            # A grandchild that outlived its parent would hold our pipe open.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    async def _run_once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            *self.spec.command,
            env=dict(self.spec.env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LINE_LIMIT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._on_start()
        async with TaskScope(self.spec.instance) as scope:
            copying = scope.start(self._copy_output(self._process), name="output")
            code = await self._process.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await copying
        return code

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        with self._log_path.open("ab", buffering=0) as log:
            while True:
                try:
                    line = await process.stdout.readline()
                except ValueError:
                    continue
                if not line:
                    return
                log.write(line)
                if not self.spec.quiet:
                    self._say(self.spec.instance, line.decode(errors="replace").rstrip())
