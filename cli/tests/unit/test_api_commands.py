"""Proves RE4 in its simplest form: commands on the public API, their tables, JSON, and errors."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from callstage.commands import app
from typer.testing import CliRunner

AGENT = {
    "agent_id": "pizzeria",
    "display_name": "Bella",
    "stages": [{"name": "order", "tools": ["price_order"], "transitions": [{"on_tool": "price_order", "to_stage": "checkout"}]}],
}


class Api(BaseHTTPRequestHandler):
    """Answers from a table; keeps what was asked."""

    answers: ClassVar[dict[str, Any]] = {
        "GET /v1/agents?limit=200": {"agents": [], "next_cursor": "n"},
        "GET /v1/agents?limit=200&cursor=n": {"agents": [AGENT]},
        "GET /v1/agents/pizzeria": {"agent": AGENT},
        "POST /v1/agents/pizzeria/deploy": {"deployment": 4, "findings": [{"severity": "warning", "message": "Tool `x` is never used."}]},
        "GET /v1/calls?limit=5": {"calls": []},
        "GET /v1/calls/c1": {"call_id": "c1", "transcript": [{"turn": 0, "role": "user", "text": "Hi [there]"}], "tool_runs": []},
        "GET /v1/numbers?limit=200": {"numbers": [{"number": "+12025550100", "inboundRoute": "ai_agent", "routeTarget": "pizzeria"}]},
    }
    keys: ClassVar[list[str | None]] = []

    def answer(self) -> None:
        self.keys.append(self.headers["x-api-key"])
        found = self.answers.get(f"{self.command} {self.path}")
        body = json.dumps(found if found is not None else {"title": "Not found", "detail": "no such thing"}).encode()
        self.send_response(200 if found is not None else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815 (the library's names)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        return


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    (tmp_path / "dev.json").write_text(json.dumps({"control_api": f"http://127.0.0.1:{server.server_port}", "api_key": "vx_dev", "services": []}))
    yield tmp_path
    server.shutdown()
    server.server_close()
    thread.join()


def run(home: Path, *arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(app, [*arguments, "--home", str(home)], env={"COLUMNS": "150", "CALLSTAGE_API_URL": None, "CALLSTAGE_API_KEY": None})
    assert result.exit_code == exit_code, result.output
    return result.output


def test_lists_and_details_are_readable(home: Path) -> None:
    assert "pizzeria" in run(home, "agents", "list")
    assert "price_order → checkout" in run(home, "agents", "show", "pizzeria")
    assert run(home, "calls", "list", "--limit", "5") == "None.\n"
    assert "Hi [there]" in run(home, "calls", "show", "c1")
    assert "+12025550100" in run(home, "numbers", "list")
    assert set(Api.keys) == {"vx_dev"}


def test_a_deployment_is_confirmed(home: Path) -> None:
    assert run(home, "agents", "deploy", "pizzeria") == "pizzeria is deployed (deployment 4).\n  warning: Tool `x` is never used.\n"


def test_json_is_what_the_api_said(home: Path) -> None:
    assert json.loads(run(home, "agents", "list", "--json")) == [AGENT]
    assert json.loads(run(home, "agents", "show", "pizzeria", "--json")) == AGENT


def test_errors_are_one_clear_line(home: Path, tmp_path: Path) -> None:
    assert run(home, "calls", "show", "nope", exit_code=1) == "callstage: /v1/calls/nope: no such thing (404)\n"
    assert "does not answer" in run(home, "agents", "list", "--api-url", "http://127.0.0.1:9", "--api-key", "vx_1", exit_code=1)
    assert "Is `make run` running?" in run(tmp_path / "elsewhere", "agents", "list", exit_code=2)
    (tmp_path / "dev.json").write_text("{")
    assert "cannot be read" in run(tmp_path, "agents", "list", exit_code=2)


def test_a_key_for_another_platform_is_not_taken_from_here(home: Path) -> None:
    assert "api_key" in run(home, "agents", "list", "--api-url", "http://127.0.0.1:9", exit_code=2)
