"""The folder of an embedded stack: who runs in it, its secrets, its `dev.json`."""

import base64
import fcntl
import json
import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import IO, Any, cast

import psutil
from callstage_kit.crypto import new_secret
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from callstage.stack.leftovers import alive, end_processes, identity

_STOP_TIMEOUT_S = 45.0


class AlreadyRunning(Exception):
    """Another stack lives in this folder; `pid` is its supervisor (0: not known yet)."""

    def __init__(self, pid: int) -> None:
        super().__init__("Callstage already runs in this folder" + (f" (pid {pid})" if pid else ""))
        self.pid = pid


class HomeUnusable(Exception):
    """The folder cannot be used; the text says why and what to do."""


def write_atomically(path: Path, text: str) -> None:
    """Readers see the old file or the whole new one; only the owner may read it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)


class Home:
    """`.callstage/` and what is in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dev_json = path / "dev.json"
        self.logs = path / "logs"
        self._secrets = path / "secrets.json"
        self._running_json = path / "running.json"
        self._lock_path = path / "lock"
        self._lock: IO[bytes] | None = None

    def claim(self) -> None:
        """Make the folder ours; what a dead run left behind is ended first. Raises AlreadyRunning, HomeUnusable."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            if not self._locked():
                raise AlreadyRunning(self._supervisor_pid())
            self._make_ours()
        except OSError as err:
            raise HomeUnusable(f"{self.path} cannot be used: {err}. Another folder: CALLSTAGE_HOME=/path make run") from err

    def _make_ours(self) -> None:
        try:
            self._end_leftovers()
            self.dev_json.unlink(missing_ok=True)
            self.secrets()
            self.record([])
        except (OSError, HomeUnusable):
            self._unlock()
            raise

    def record(self, child_pids: list[int]) -> None:
        """Remember our processes, so that a later run can end them if we are killed."""
        content = {"supervisor": identity(os.getpid()), "children": [identity(pid) for pid in child_pids]}
        write_atomically(self._running_json, json.dumps(content))

    def release(self) -> None:
        """The stack is down."""
        self.dev_json.unlink(missing_ok=True)
        self._running_json.unlink(missing_ok=True)
        self._unlock()

    def stop_running(self) -> bool:
        """Ask the stack in this folder to stop, and wait for it. False when none runs. Raises HomeUnusable when it does not stop."""
        if not self.path.is_dir():
            return False
        try:
            if self._locked():
                self._end_leftovers()
                self.release()
                return False
            supervisor = alive(self._read_running().get("supervisor"))
            if supervisor is not None:
                supervisor.terminate()
        except (PermissionError, psutil.AccessDenied) as err:
            raise HomeUnusable(f"the stack in {self.path} belongs to another user") from err
        except psutil.NoSuchProcess:
            pass
        self._wait_until_free()
        return True

    def secrets(self) -> dict[str, str]:
        """Made once per folder; the demo's keys and passwords stay the same from run to run. Raises HomeUnusable when unreadable."""
        stored = self._stored_secrets()
        values = {name: stored.get(name) or make() for name, make in _MAKERS.items()} | {name: value for name, value in stored.items() if value}
        if values != stored:
            write_atomically(self._secrets, json.dumps(values, indent=1))
        return values

    def remember(self, name: str, value: str) -> None:
        """Add one secret."""
        write_atomically(self._secrets, json.dumps(self.secrets() | {name: value}, indent=1))

    def _stored_secrets(self) -> dict[str, str]:
        if not self._secrets.exists():
            return {}
        try:
            stored: Any = json.loads(self._secrets.read_text())
        except ValueError:
            stored = None
        if not isinstance(stored, dict) or not all(isinstance(value, str) for value in cast(dict[str, Any], stored).values()):
            # New secrets would not open what the database holds: the developer decides.
            raise HomeUnusable(f"{self._secrets} is damaged. Restore it, or remove {self.path} to start with empty data.")
        return cast(dict[str, str], stored)

    def _locked(self) -> bool:
        """The kernel's lock: it ends with its process, however that dies."""
        lock = self._lock_path.open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _wait_until_free(self) -> None:
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        while not self._locked():
            if time.monotonic() > deadline:
                raise HomeUnusable(f"Callstage (pid {self._supervisor_pid()}) did not stop within {_STOP_TIMEOUT_S:.0f} s")
            time.sleep(0.05)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _supervisor_pid(self) -> int:
        process = alive(self._read_running().get("supervisor"))
        return process.pid if process else 0

    def _read_running(self) -> dict[str, Any]:
        try:
            content: Any = json.loads(self._running_json.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return cast(dict[str, Any], content) if isinstance(content, dict) else {}

    def _end_leftovers(self) -> None:
        children: Any = self._read_running().get("children")
        if isinstance(children, list):
            end_processes([process for known in cast(list[Any], children) if (process := alive(known))])


def _telnyx_seed() -> str:
    return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


_MAKERS = {
    "master_keys": lambda: "dev:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "api_key": lambda: new_secret("vx_"),
    "admin_password": lambda: secrets.token_urlsafe(12),
    "twilio_account_sid": lambda: "AC" + secrets.token_hex(16),
    "twilio_auth_token": lambda: secrets.token_hex(16),
    "telnyx_private_key": _telnyx_seed,
}
