"""The stack of `make run` for tests: started once, used through its public ports only."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from callstage_phone.carrier import CarrierSettings
from callstage_phone.telnyx import TelnyxCaller
from callstage_phone.twilio import TwilioCaller

READY_LINE = "Callstage is ready"
_STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Stack:
    """A running stack; `dev` is its dev.json, read anew because services that were killed get new process ids."""

    home: Path
    supervisor: subprocess.Popen[str]
    started_in_s: float

    @property
    def dev(self) -> dict[str, Any]:
        return json.loads((self.home / "dev.json").read_text())

    @property
    def gateway_ws(self) -> str:
        return self.dev["media_gateway"].replace("http", "ws", 1)

    def api(self, key: str | None = None) -> httpx2.AsyncClient:
        """A client of the REST API, as the demo tenant's owner unless another key is given."""
        return httpx2.AsyncClient(base_url=self.dev["control_api"], headers={"x-api-key": key or self.dev["api_key"]}, timeout=20)

    def pids(self, name: str) -> list[int]:
        """Process ids of a service, or of `postgres`, `nats`, `redis`."""
        dev = self.dev
        found = [service["pid"] for service in dev["services"] if service["name"] == name]
        return found or [pid for server, pid in dev["servers"].items() if server == name]

    def kill(self, pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        """Signal one process."""
        os.kill(pid, number)

    def metrics_urls(self, name: str) -> list[str]:
        return [service["metrics_url"] for service in self.dev["services"] if service["name"] == name]

    def twilio(self, *, auth_token: str | None = None, query: str = "") -> TwilioCaller:
        """A simulated Twilio that knows the demo tenant's account."""
        dev = self.dev
        settings = CarrierSettings(webhook_url=f"{dev['media_gateway']}/api/twilio/voice{query}")
        return TwilioCaller(settings, auth_token=auth_token or dev["twilio_auth_token"], account_sid=dev["twilio_account_sid"])

    def telnyx(self) -> TelnyxCaller:
        """A simulated Telnyx that knows the demo tenant's key."""
        dev = self.dev
        return TelnyxCaller(CarrierSettings(webhook_url=f"{dev['media_gateway']}/incoming/telnyx"), private_key=dev["telnyx_private_key"])


@contextmanager
def running_stack(
    home: Path, *, runtimes: int = 1, gateways: int = 1, env: dict[str, str] | None = None, timeout_s: float = 120.0
) -> Generator[Stack]:
    """`callstage up` in `home` until the block ends. Raises RuntimeError with the end of its output when it does not get ready."""
    log_path = home / "up.log"
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "callstage", "up", "--home", str(home), "--runtimes", str(runtimes), "--gateways", str(gateways)]
    started = time.monotonic()
    with log_path.open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, text=True, env={**compiled_code(), **os.environ, **(env or {})})  # noqa: S603
        try:
            _wait_ready(process, home, log_path, timeout_s)
            yield Stack(home, process, time.monotonic() - started)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def compiled_code() -> dict[str, str]:
    """Where Python may not keep compiled code beside its source, all stacks of all tests share what they compiled."""
    if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
        return {}
    return {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / f"callstage-compiled-{os.getuid()}")}


def _wait_ready(process: subprocess.Popen[str], home: Path, log_path: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while READY_LINE not in log_path.read_text() or not (home / "dev.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the stack did not get ready:\n{log_path.read_text()[-8000:]}")
        time.sleep(0.05)
