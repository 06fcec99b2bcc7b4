"""Proves K8: every Dockerfile passes hadolint, runs as a numbered user that is not root, and starts its own service."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILES = sorted((ROOT / "services").glob("*/Dockerfile"))


def test_there_are_some() -> None:
    assert DOCKERFILES


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_hadolint(path: Path) -> None:
    program = Path(sys.executable).parent / "hadolint"
    result = subprocess.run(
        [str(program), "--config", str(ROOT / "deploy/docker/.hadolint.yaml"), str(path)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_runs_its_service_without_rights(path: Path) -> None:
    lines = path.read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users, "no USER: the container would run as root"
    # kubelet checks runAsNonRoot against a number, not a name.
    assert users[-1].partition(":")[0].isdigit()
    assert int(users[-1].partition(":")[0]) > 0
    started = "\n".join(line for line in lines if line.startswith(("CMD", "ENTRYPOINT")))
    assert path.parent.name.replace("-", "_") in started
    assert "[" in started, "the exec form hands SIGTERM to the service"
