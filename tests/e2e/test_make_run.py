"""Proves what `make run` promises a newcomer: one stack per folder, clear words, nothing left behind, a dead run cleaned up."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from callstage_testing.stack import Stack, compiled_code, running_stack

_PATIENCE_S = 80.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that these tests may break, in a folder whose name is not easy."""
    with running_stack(tmp_path_factory.mktemp("make") / "caf é x") as running:
        yield running


def _callstage(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callstage", *arguments, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False, env=compiled_code() | os.environ | env)


def _eventually(check: Callable[[], bool], *, patience_s: float = _PATIENCE_S) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.1)
    return False


def _is_ready(service: dict[str, Any]) -> bool:
    try:
        return httpx2.get(service["ready_url"], timeout=1).status_code == 200
    except httpx2.HTTPError:
        return False


def _family(stack: Stack) -> list[psutil.Process]:
    """Everything below the supervisor, workers of workers too."""
    return psutil.Process(stack.supervisor.pid).children(recursive=True)


def _left(processes: list[psutil.Process]) -> list[str]:
    """Names of those that still run; an orphan that nobody has reaped yet does not."""
    found: list[str] = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.name())
        except psutil.NoSuchProcess:
            continue
    return found


def test_a_second_run_in_the_same_folder_says_so_and_disturbs_nothing(own: Stack) -> None:
    before = own.dev
    second = _callstage(own.home, "up")
    assert second.returncode == 1
    assert "already runs in this folder" in second.stderr
    assert "make down" in second.stderr
    assert own.dev == before
    assert all(_is_ready(service) for service in before["services"])


@pytest.mark.parametrize("name", ["email-poller", "nats", "redis", "postgres"])
def test_what_is_killed_comes_back_and_everybody_is_ready_again(own: Stack, name: str) -> None:
    (old,) = own.pids(name)
    others = {service["instance"]: service["pid"] for service in own.dev["services"] if service["name"] != name}
    own.kill(old)
    assert _eventually(lambda: own.pids(name)[0] not in (0, old))
    assert _eventually(lambda: all(_is_ready(service) for service in own.dev["services"]))
    assert {service["instance"]: service["pid"] for service in own.dev["services"] if service["name"] != name} == others


def test_a_killed_supervisor_leaves_nothing_and_the_next_run_starts(own: Stack) -> None:
    family = _family(own)
    assert len(family) > 8
    own.kill(own.supervisor.pid)
    assert _eventually(lambda: _left(family) == [], patience_s=10)
    with running_stack(own.home) as again:
        assert again.dev["tenant_id"] == json.loads((own.home / "prepared.json").read_text())["tenant"]["tenant_id"]
        family = _family(again)
        down = _callstage(own.home, "down")
        assert (down.returncode, down.stdout.strip()) == (0, "Callstage stopped.")
        assert _left(family) == []
        assert not (own.home / "dev.json").exists()
    down = _callstage(own.home, "down")
    assert (down.returncode, down.stdout.strip()) == (0, "Callstage is not running here.")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        refused = _callstage(tmp_path, "up", CONTROL_API_PORT=str(port))
    assert refused.returncode == 1
    assert f"port {port} (CONTROL_API_PORT) is taken" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("CALLSTAGE_MASTER_KEYS", "nonsense", "CALLSTAGE_MASTER_KEYS must be"), ("CALLSTAGE_MAX_LOOP_LAG_MS", "x", "media-gateway keeps dying")],
)
def test_a_wrong_setting_ends_the_start_with_its_name(tmp_path: Path, name: str, value: str, words: str) -> None:
    started = time.monotonic()
    refused = _callstage(tmp_path, "up", **{name: value})
    assert refused.returncode == 1
    assert words in refused.stderr
    assert name in refused.stderr
    assert "Traceback" not in refused.stderr
    assert time.monotonic() - started < 60


def test_ctrl_c_during_the_start_is_quick_and_clean(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "callstage", "up", "--home", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert _eventually(lambda: (tmp_path / "logs" / "agent-runtime.log").exists())
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0
    assert "Traceback" not in output
    assert _left(family) == []
