"""Starts processes in order, keeps them alive, stops them in reverse order."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from callstage_kit.tasks import TaskScope, all_of

from callstage.stack.process import ManagedProcess, ProcessSpec

_FATAL_DEATHS = 2
"""During start-up: once may be bad luck with a neighbour, twice is a mistake that waiting does not mend."""


class Supervisor:
    """Entered: processes may be started. Left: all of them are gone, the last started first."""

    def __init__(self, logs: Path, say: Callable[[str, str], None], on_change: Callable[[list[ManagedProcess]], None]) -> None:
        self._logs = logs
        self._say = say
        self._on_change = on_change
        self._processes: list[ManagedProcess] = []
        self._waves: list[list[ManagedProcess]] = []
        self._scope = TaskScope("supervisor")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        for wave in reversed(self._waves):
            await all_of(*(process.stop() for process in wave))
        await self._scope.close()

    def start(self, *specs: ProcessSpec) -> None:
        """Start a wave of processes that do not need each other."""
        wave = [ManagedProcess(spec, self._logs, self._say, self._changed) for spec in specs]
        self._waves.append(wave)
        self._processes.extend(wave)
        for process in wave:
            self._scope.start(process.run(), name=process.spec.instance)

    def kill(self) -> None:
        """Do not wait any longer for anybody."""
        for process in self._processes:
            process.kill()

    async def wait_until(self, instance: str, check: Callable[[], bool], *, timeout_s: float, interval_s: float = 0.03) -> None:
        """Poll a quick check of a process that was started. Raises RuntimeError with its last lines when it keeps dying or takes too long."""
        process = next(process for process in self._processes if process.spec.instance == instance)
        try:
            async with asyncio.timeout(timeout_s):
                while not await asyncio.to_thread(check):  # another process gives no event to wait for
                    if process.deaths >= _FATAL_DEATHS:
                        raise RuntimeError(_report(process, "keeps dying"))
                    await asyncio.sleep(interval_s)
        except TimeoutError as err:
            raise RuntimeError(_report(process, f"was not ready after {timeout_s:.0f} s")) from err

    @property
    def processes(self) -> list[ManagedProcess]:
        """In the order they were started."""
        return list(self._processes)

    def _changed(self) -> None:
        self._on_change(self._processes)


def _report(process: ManagedProcess, what: str) -> str:
    lines = "".join(f"\n    {line}" for line in process.last_lines)
    return f"{process.spec.instance} {what}." + (f" Its last lines:{lines}" if lines else "")
