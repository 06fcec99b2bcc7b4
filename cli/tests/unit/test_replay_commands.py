"""Proves K6: `callstage replay` and `callstage fixture` on recordings from the API and from files, with their exit codes and words."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from agent_runtime.conversation.call_recorder import CallRecorder
from agent_runtime.conversation.recording import to_json
from agent_runtime.conversation.turns.events import Begin, ReplyKind, SpeechStarted, SpeechStopped
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.stages.entries import Opened, Replied, UserSaid
from callstage.commands import app
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage
from callstage_domain.ids import AgentId, TenantId
from typer.testing import CliRunner, Result

AGENT = AgentSnapshot(
    tenant_id=TenantId("t"),
    agent_id=AgentId("shop"),
    deployment=2,
    settings=AgentSettings(display_name="Mia", greeting="Hello."),
    stages=(Stage(name="main"),),
    first_stage="main",
)


def _recording() -> dict[str, Any]:
    recorder = CallRecorder(lambda: 5.0)
    machine = recorder.machine(TurnPolicy(), 0.0)
    recorder.entry(Opened(call_id="c1", at_ms=1.0, metadata={"caller_phone": "+4917612345678"}))
    machine.on(Begin(ReplyKind.GREETING), 0.0)
    recorder.entry(Replied(utterance="u1", text="Hello."))
    machine.on(SpeechStarted(), 2000.0)
    machine.on(SpeechStopped(200.0, 1), 3000.0)
    recorder.entry(UserSaid(text="Przybylski here, +49 176 12345678"))
    return json.loads(to_json(recorder.recording("c1", AGENT, ())))


class Api(BaseHTTPRequestHandler):
    """Answers from a table."""

    answers: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[str]] = []

    def answer(self) -> None:
        request = f"{self.command} {self.path}"
        self.asked.append(request)
        found = self.answers.get(request)
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
    other = AGENT.model_copy(update={"settings": AGENT.settings.model_copy(update={"greeting": "Good morning."})})
    Api.asked.clear()
    Api.answers = {
        "GET /v1/calls/c1/journal": {"call_id": "c1", "parts": [{"started_at_ms": 0, "recording": _recording()}]},
        "GET /v1/calls/old/journal": {"call_id": "old", "parts": []},
        "POST /v1/agents/shop/test-session": {"token": "x"},
        "GET /v1/agents/shop/deployments/0": {"snapshot": other.model_dump(mode="json")},
        "GET /v1/agents/shop/deployments/7": {"snapshot": AGENT.model_dump(mode="json")},
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    (tmp_path / "dev.json").write_text(json.dumps({"control_api": f"http://127.0.0.1:{server.server_port}", "api_key": "vx_dev", "services": []}))
    yield tmp_path
    server.shutdown()
    server.server_close()
    thread.join()


def _run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home)], env={"CALLSTAGE_API_URL": None, "CALLSTAGE_API_KEY": None})


def test_a_call_that_decides_the_same(home: Path) -> None:
    done = _run(home, "replay", "c1")
    assert (done.exit_code, done.output) == (0, "call c1: 3 decisions: same\n")


def test_the_draft_and_another_deployment_can_be_tried(home: Path) -> None:
    assert _run(home, "replay", "c1", "--deployment", "7").exit_code == 0
    done = _run(home, "replay", "c1", "--draft")
    assert done.exit_code == 1
    assert "1. 00:00.005  the greeting" in done.output
    assert "    recorded: Hello.\n    today:    Good morning.\n" in done.output
    assert "POST /v1/agents/shop/test-session" in Api.asked
    document = json.loads(_run(home, "replay", "c1", "--draft", "--json").output)
    assert document["decisions"] == 3
    assert [difference["what"] for difference in document["differences"]] == ["the greeting"]


def test_a_saved_recording_is_replayed_without_the_platform(home: Path) -> None:
    path = home / "call.json"
    assert _run(home, "replay", "c1", "--save", str(path)).exit_code == 0
    assert "Przybylski" in path.read_text()
    Api.asked.clear()
    assert _run(home, "replay", str(path)).exit_code == 0
    path.write_text(path.read_text().replace('[["FinalizeStt", {"quiet_ms": 200.0}]]', "[]"))
    done = _run(home, "replay", str(path))
    assert done.exit_code == 1
    assert "turns, after SpeechStopped" in done.output
    assert "recorded: nothing" in done.output
    assert Api.asked == []
    assert _run(home, "replay", str(path), "--accept").exit_code == 0
    assert "FinalizeStt" in path.read_text()
    assert _run(home, "replay", str(path)).exit_code == 0
    assert _run(home, "replay", "c1", "--accept").exit_code == 2


def test_a_fixture_is_the_call_without_the_caller(home: Path) -> None:
    made = _run(home, "fixture", "c1")
    assert made.exit_code == 0
    assert not [word for word in ("Przybylski", "12345678", "c1", "shop") if word in made.output]
    path = home / "fixture.json"
    path.write_text(made.output)
    assert _run(home, "replay", str(path)).output == "call recorded: 3 decisions: same\n"


@pytest.mark.parametrize(
    ("call", "exit_code", "words"),
    [("old", 2, "nothing was recorded of old"), ("gone", 2, "no such thing (404)"), ("dev.json", 2, "not the recording of a call")],
)
def test_what_cannot_be_replayed_is_said_in_one_line(home: Path, monkeypatch: pytest.MonkeyPatch, call: str, exit_code: int, words: str) -> None:
    monkeypatch.chdir(home)
    for command in ("replay", "fixture"):
        done = _run(home, command, call)
        assert done.exit_code == exit_code
        assert words in done.output
        assert done.output.count("\n") == 1
