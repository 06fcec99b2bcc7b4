"""Makes the schema and the demo tenant when the database has not seen this version of the code; a warm start skips both."""

import asyncio
import hashlib
import importlib.util
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from callstage.stack import services
from callstage.stack.demo import ADMIN_EMAIL
from callstage.stack.home import Home, write_atomically

_TIMEOUT_S = 60.0
_SHOWN_LINES = 12


class FirstTenant:
    """The tenant in this folder's database, remembered in `prepared.json` beside the database folder it was made in."""

    def __init__(self, home: Home, plan: services.StackPlan) -> None:
        self._home = home
        self._plan = plan
        self._path = home.path / "prepared.json"

    def known(self) -> dict[str, str] | None:
        """What `make` returned, when the database, the migrations and the secrets are still the same."""
        try:
            stored: dict[str, Any] = json.loads(self._path.read_text())
            return stored["tenant"] if stored["fingerprint"] == self._fingerprint() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    async def make(self) -> dict[str, str]:
        """Migrate and bootstrap; safe to repeat. Raises RuntimeError with the end of what the process said."""
        tenant = await self._run()
        write_atomically(self._path, json.dumps({"fingerprint": self._fingerprint(), "tenant": tenant}))
        return tenant

    async def _run(self) -> dict[str, str]:
        secrets = self._home.secrets()
        first = json.dumps({"email": ADMIN_EMAIL, "password": secrets["admin_password"], "key": secrets["api_key"]})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callstage.stack.prepare",
            env=dict(services.control_api(self._plan).env),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                out, err = await process.communicate(first.encode())
        except TimeoutError as timeout:
            raise RuntimeError(f"the database was not prepared within {_TIMEOUT_S:.0f} s") from timeout
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        if process.returncode != 0:
            lines = "".join(f"\n    {line}" for line in err.decode(errors="replace").strip().splitlines()[-_SHOWN_LINES:])
            raise RuntimeError(f"the database could not be prepared:{lines}")
        return json.loads(out.decode().splitlines()[-1])

    def _fingerprint(self) -> str:
        secrets = self._home.secrets()
        digest = hashlib.sha256(json.dumps([ADMIN_EMAIL, secrets["admin_password"], secrets["api_key"]]).encode())
        digest.update(str((self._home.path / "postgres").stat().st_ino).encode())
        for path in sorted(_control_api_sources()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


def _control_api_sources() -> list[Path]:
    """What decides what `make` does: the migrations and the bootstrap."""
    spec = importlib.util.find_spec("control_api")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    return [package / "bootstrap.py", *(package / "migrations").rglob("*.py")]
