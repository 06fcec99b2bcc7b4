"""Proves RE1: made-up requests for every operation of the OpenAPI document get documented replies of the documented shape, and never a 500."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from callstage_kit.web_server import WebServer, bound_socket
from control_api.in_process import InProcess, TenantAccess
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHECKS = "status_code_conformance,content_type_conformance,response_schema_conformance"
# Streams have tests of their own; the dashboard paths are the same operations under a second name.
STREAMS = r"/v1/live/.*events|/api/dashboard"
TIMEOUT_S = 400


class Watched:
    """Remembers which requests failed inside. 503 and 504 are fine: no sandbox and no runtime run here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.broken: list[str] = []
        self.answered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answered += 1
                if message["status"] == 500:
                    self.broken.append(f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}")
            await send(message)

        await self._app(scope, receive, watched)


@pytest.mark.timeout(TIMEOUT_S + 30)
@pytest.mark.blocking_allowed(30.0)
async def test_every_operation_answers_as_it_is_described(stack: InProcess, tenant: TenantAccess, tmp_path: Path) -> None:
    for agent in ("a", "1"):
        assert (await tenant.http.post("/v1/agents", json={"agent_id": agent, "display_name": "A"})).status_code == 201
    app, sock = Watched(stack.app), bound_socket("127.0.0.1", 0)
    async with WebServer(app, sock):
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).parent / "schemathesis"), "run", f"http://127.0.0.1:{sock.getsockname()[1]}/openapi.json"),
            *(
                "-H",
                f"x-api-key: {tenant.key}",
                "--checks",
                CHECKS,
                "--phases",
                "examples,fuzzing",
                "--max-examples",
                "5",
                "--exclude-path-regex",
                STREAMS,
            ),
            *("--no-color", "--request-timeout", "30", "--seed", "1", "--generation-database", "none"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(TIMEOUT_S):
            out, _ = await process.communicate()
    report = out.decode(errors="replace")
    assert not app.broken, f"{app.broken[:10]}\n{report[-4000:]}"
    assert process.returncode == 0, report[-8000:]
    assert app.answered > 400
