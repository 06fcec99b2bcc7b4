"""The folder of an embedded stack: who runs in it, its secrets, its `dev.json`."""

import base64
import contextlib
import json
import os
import secrets
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from callstage_kit.crypto import new_secret
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_STOP_TIMEOUT_S = 20.0


class AlreadyRunning(Exception):
    """Another stack lives in this folder; `pid` is its supervisor."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"Callstage already runs in this folder (pid {pid})")
        self.pid = pid


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
        self._lock = path / "running.json"

    def claim(self) -> None:
        """Make the folder ours. Raises AlreadyRunning; what a dead run left behind is ended first."""
        self.logs.mkdir(parents=True, exist_ok=True)
        running = self._running()
        if running is not None:
            raise AlreadyRunning(running.pid)
        self._end_leftovers()
        self.dev_json.unlink(missing_ok=True)
        self.record([])

    def record(self, child_pids: list[int]) -> None:
        """Remember our processes, so that a later run can end them if we are killed."""
        write_atomically(self._lock, json.dumps({"supervisor": _identity(os.getpid()), "children": [_identity(pid) for pid in child_pids]}))

    def release(self) -> None:
        """The stack is down."""
        self.dev_json.unlink(missing_ok=True)
        self._lock.unlink(missing_ok=True)

    def stop_running(self) -> bool:
        """Ask the stack in this folder to stop, and wait for it. False when none runs."""
        running = self._running()
        if running is None:
            self._end_leftovers()
            self.release()
            return False
        running.send_signal(signal.SIGTERM)
        with contextlib.suppress(psutil.TimeoutExpired):
            running.wait(_STOP_TIMEOUT_S)
        return True

    def secrets(self) -> dict[str, str]:
        """Made once per folder; the demo's keys and passwords stay the same from run to run."""
        path = self.path / "secrets.json"
        stored: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        values = {name: stored.get(name) or make() for name, make in _MAKERS.items()} | stored
        if values != stored:
            write_atomically(path, json.dumps(values, indent=1))
        return values

    def remember(self, name: str, value: str) -> None:
        """Add one secret."""
        write_atomically(self.path / "secrets.json", json.dumps(self.secrets() | {name: value}, indent=1))

    def _running(self) -> psutil.Process | None:
        known = self._read_lock().get("supervisor")
        return _alive(known) if known and known["pid"] != os.getpid() else None

    def _read_lock(self) -> dict[str, Any]:
        try:
            return json.loads(self._lock.read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def _end_leftovers(self) -> None:
        left = [process for known in self._read_lock().get("children", []) if (process := _alive(known))]
        for process in left:
            process.terminate()
        _, stubborn = psutil.wait_procs(left, timeout=5)
        for process in stubborn:
            process.kill()


def _identity(pid: int) -> dict[str, float]:
    try:
        return {"pid": pid, "started": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {"pid": pid, "started": time.time()}


def _alive(known: dict[str, float]) -> psutil.Process | None:
    """The very process of then, not a later one with its number."""
    try:
        process = psutil.Process(int(known["pid"]))
        same = abs(process.create_time() - known["started"]) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if same else None


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
