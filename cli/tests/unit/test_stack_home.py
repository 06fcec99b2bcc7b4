"""Proves that a stack's folder belongs to one stack, survives damage with a clear word, and that a dead run is cleaned up."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from callstage.stack.home import AlreadyRunning, Home, HomeUnusable
from callstage.stack.leftovers import alive, end_processes, identity


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_folder_is_claimed_once_and_free_again_after_release(tmp_path: Path) -> None:
    first, second = Home(tmp_path), Home(tmp_path)
    first.claim()
    with pytest.raises(AlreadyRunning, match="already runs in this folder"):
        second.claim()
    assert json.loads((tmp_path / "running.json").read_text())["supervisor"]["pid"] == os.getpid()
    first.release()
    second.claim()
    second.release()
    assert not (tmp_path / "running.json").exists()


def test_a_stale_dev_json_is_gone_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "dev.json").write_text("{")
    home = Home(tmp_path)
    home.claim()
    assert not home.dev_json.exists()
    home.release()


def test_children_of_a_dead_run_are_ended(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    (tmp_path / "running.json").write_text(json.dumps({"supervisor": {"pid": 1, "started": 0}, "children": [identity(sleeper.pid)]}))
    home = Home(tmp_path)
    home.claim()
    assert not psutil.pid_exists(sleeper.pid)
    home.release()


@pytest.mark.parametrize(
    "content",
    [
        '{"x',
        "[]",
        '{"children": 3}',
        '{"supervisor": 7, "children": [{"pid": "x"}, null, 3]}',
        '{"children": [{"pid": -1, "started": 0}]}',
    ],
)
def test_a_damaged_running_json_does_no_harm(tmp_path: Path, content: str) -> None:
    (tmp_path / "running.json").write_text(content)
    home = Home(tmp_path)
    home.claim()
    home.release()
    assert Home(tmp_path).stop_running() is False


@pytest.mark.parametrize("content", ['{"master_keys": ', "[]", '{"api_key": 3}'])
def test_damaged_secrets_are_not_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content)
    with pytest.raises(HomeUnusable, match="is damaged"):
        Home(tmp_path).claim()
    assert (tmp_path / "secrets.json").read_text() == content


def test_secrets_stay_the_same_and_can_be_added_to(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = home.secrets()
    home.remember("webhook_key", "csk_live_x")
    assert Home(tmp_path).secrets() == made | {"webhook_key": "csk_live_x"}
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="Not a directory"):
        Home(tmp_path / "file").claim()


def test_stopping_where_nothing_was_ever_makes_no_folder(tmp_path: Path) -> None:
    assert Home(tmp_path / "none").stop_running() is False
    assert not (tmp_path / "none").exists()


def test_a_process_number_that_was_given_again_is_somebody_else(sleeper: subprocess.Popen[bytes]) -> None:
    known = identity(sleeper.pid)
    assert alive(known) is not None
    assert alive(known | {"started": known["started"] - 100}) is None
    end_processes([psutil.Process(sleeper.pid)])
    assert alive(known) is None
