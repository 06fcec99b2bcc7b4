"""Proves K2 K5 K6 RE2 on the real stack: a call's waterfalls and cost inputs are in the API, and today's code decides as it did when replayed."""

import json
import re
import subprocess
import sys
from typing import Any

import httpx2
import pytest
from callstage_domain.ids import trace_id_of
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import eventually, has_ended, record_of

CALLER = "+12025550177"


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the first test learned, for those after it."""
    return {}


def _callstage(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callstage", *arguments, "--home", str(stack.home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def test_a_call_is_explained_in_the_api(stack: Stack, api: httpx2.AsyncClient, told: dict[str, Any]) -> None:
    async with stack.twilio() as twilio, twilio.call(from_=CALLER, to=stack.dev["number"]) as call:
        await call.wait_for_agent_speech(10)
        await call.wait_for_agent_silence(600, 20)
        for phrase in ("order_three_pizzas", "my_name_is_anna", "thats_all"):
            said = await call.say(speech(phrase))
            await call.wait_for_agent_speech(15, after=said.speech_ended_at)
            if phrase != "thats_all":
                await call.wait_for_agent_silence(700, 25)
        await call.wait_ended(25)
        record = await record_of(api, call.call_id, until=lambda found: has_ended(found) and bool(found["usage"]))
    told["call_id"] = record["call_id"]
    assert (record["ended_reason"], record["fault"]) == ("agent_ended", "nobody")
    assert record["trace_id"] == trace_id_of(record["call_id"])
    assert record["usage"]["stt_seconds"] > 5
    assert record["usage"]["tts_characters"] > 100
    lines = [line for line in record["transcript"] if line["role"] == "assistant"]
    assert all(line["waterfall"] for line in lines)
    answers = [line["waterfall"] for line in lines if line["waterfall"]["speech_end_ms"] is not None]
    assert len(answers) >= 3
    for waterfall in answers:
        moments = [waterfall["speech_end_ms"], waterfall["decided_ms"], waterfall["heard_ms"]]
        assert moments == sorted(moments)
        assert 0 <= moments[0] <= record["duration_ms"]
        assert waterfall["reason"]
        assert waterfall["stt"]["provider"]
        assert waterfall["llm"][0]["provider"]
        assert waterfall["tts"]["characters"] > 0
    tools = [tool["tool"] for line in lines for tool in line["waterfall"]["tools"]]
    assert {"price_order", "place_order"} <= set(tools)

    async def recorded() -> bool:
        return bool((await api.get(f"/v1/calls/{record['call_id']}/journal")).json()["parts"])

    await eventually(recorded, what="the journal of the call")


def test_the_recorded_call_replays_the_same(stack: Stack, told: dict[str, Any]) -> None:
    call_id = told["call_id"]
    replayed = _callstage(stack, "replay", call_id)
    assert (replayed.returncode, replayed.stderr) == (0, "")
    found = re.fullmatch(rf"call {call_id}: (\d+) decisions: same\n", replayed.stdout)
    assert found, replayed.stdout
    assert int(found[1]) > 20
    drawn = _callstage(stack, "calls", "show", call_id).stdout
    assert "heard after" in drawn
    assert "█" in drawn


def test_another_agent_decides_otherwise(stack: Stack, told: dict[str, Any], tmp_path: Any) -> None:
    path = tmp_path / "call.json"
    assert _callstage(stack, "replay", told["call_id"], "--save", str(path)).returncode == 0
    document = json.loads(path.read_text())
    document["parts"][0]["snapshot"]["stages"][0]["transitions"] = []
    path.write_text(json.dumps(document))
    replayed = _callstage(stack, "replay", str(path))
    assert replayed.returncode == 1, replayed.stderr
    assert "what follows from the tools" in replayed.stdout
    assert _callstage(stack, "replay", "no-such-call").returncode == 2


def test_a_fixture_of_it_holds_nobody(stack: Stack, told: dict[str, Any], tmp_path: Any) -> None:
    made = _callstage(stack, "fixture", told["call_id"])
    assert (made.returncode, made.stderr) == (0, "")
    assert not [word for word in (CALLER[1:], told["call_id"]) if word in made.stdout]
    assert not re.search(r"\banna\b", made.stdout, re.IGNORECASE)
    path = tmp_path / "fixture.json"
    path.write_text(made.stdout)
    assert _callstage(stack, "replay", str(path)).returncode == 0
