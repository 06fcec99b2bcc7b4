"""Proves that processes are started again, reported when they keep dying, and ended with all their children."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from callstage.stack.process import ManagedProcess, ProcessSpec
from callstage.stack.supervisor import Supervisor

_FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
time.sleep(60)
"""


def _spec(name: str, code: str, *, stop_timeout_s: float = 5.0) -> ProcessSpec:
    return ProcessSpec(name, name, [sys.executable, "-c", code], dict(os.environ), stop_timeout_s=stop_timeout_s)


class Terminal:
    """What was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.changes = 0

    def say(self, who: str, line: str) -> None:
        self.lines.append(f"{who}: {line}")

    def changed(self, processes: list[ManagedProcess]) -> None:
        self.changes += 1

    def child(self) -> int:
        return next((int(line.rsplit(" ", 1)[1]) for line in reversed(self.lines) if "child" in line), 0)


async def _is_gone(pid: int) -> bool:
    """Killed ones need a moment; an orphan that nobody has reaped yet is gone all the same."""

    def ended() -> bool:
        try:
            process = psutil.Process(pid)
            _, alive = psutil.wait_procs([process], timeout=0.05)
            return not alive or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    for _ in range(100):
        if await asyncio.to_thread(ended):
            return True
    return False


def _supervisor(tmp_path: Path, terminal: Terminal) -> Supervisor:
    return Supervisor(tmp_path, terminal.say, terminal.changed)


async def test_a_process_that_dies_is_started_again_without_its_old_children(tmp_path: Path) -> None:
    terminal = Terminal()
    async with _supervisor(tmp_path, terminal) as supervisor:
        supervisor.start(_spec("family", _FAMILY))
        await supervisor.wait_until("family", lambda: terminal.child() > 0, timeout_s=10)
        first, child = supervisor.processes[0].pid, terminal.child()
        os.kill(first, signal.SIGKILL)
        await supervisor.wait_until("family", lambda: terminal.child() != child, timeout_s=10)
        assert supervisor.processes[0].pid not in (0, first)
        assert terminal.changes == 2
        assert await _is_gone(child)
        last = terminal.child()
    assert await _is_gone(last)
    assert any("died (SIGKILL); starting it again" in line for line in terminal.lines)


async def test_a_process_that_keeps_dying_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    terminal = Terminal()
    async with _supervisor(tmp_path, terminal) as supervisor:
        supervisor.start(_spec("broken", "import sys; sys.exit('the reason')"))
        with pytest.raises(RuntimeError, match=r"broken keeps dying\. Its last lines:\n {4}the reason"):
            await supervisor.wait_until("broken", lambda: False, timeout_s=30)
    assert "the reason" in (tmp_path / "broken.log").read_text()


async def test_a_process_that_is_not_ready_in_time_is_reported(tmp_path: Path) -> None:
    async with _supervisor(tmp_path, Terminal()) as supervisor:
        supervisor.start(_spec("slow", "import time; time.sleep(60)"))
        with pytest.raises(RuntimeError, match="slow was not ready after 0 s"):
            await supervisor.wait_until("slow", lambda: False, timeout_s=0.1)


async def test_a_process_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    terminal = Terminal()
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('child 0', flush=True); time.sleep(60)"
    async with _supervisor(tmp_path, terminal) as supervisor:
        supervisor.start(_spec("deaf", deaf, stop_timeout_s=0.2))
        await supervisor.wait_until("deaf", lambda: bool(terminal.lines), timeout_s=10)
        pid = supervisor.processes[0].pid
    assert await _is_gone(pid)
    assert any("did not stop" in line for line in terminal.lines)


async def test_a_process_dies_with_its_supervisor_even_when_that_is_killed(tmp_path: Path) -> None:
    code = f"""
import asyncio, os, sys
from pathlib import Path
from callstage.stack.process import ProcessSpec
from callstage.stack.supervisor import Supervisor
async def main():
    sleeper = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"]
    async with Supervisor(Path({str(tmp_path)!r}), lambda who, line: print(line, flush=True), lambda processes: None) as supervisor:
        supervisor.start(ProcessSpec("a", "a", sleeper, dict(os.environ)))
        await asyncio.sleep(60)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(20):
        child = psutil.Process(int(await process.stdout.readline()))
        process.kill()
        await process.wait()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], timeout=5)
    assert gone
