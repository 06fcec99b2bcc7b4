"""Proves K6 in part: a fixture holds no name, number, address or any other word that nobody listed as harmless; the same is always the same."""

import json
import random
import re
from typing import Any

import pytest
from agent_runtime.conversation.recording import Recording, from_json, to_json
from agent_runtime.replay.anonymous import anonymous
from agent_runtime.replay.plain_words import plain_words
from agent_runtime.replay.substitution import Substitution
from callstage_domain.errors import CallerError
from hypothesis import given
from hypothesis import strategies as st

AGENT: dict[str, Any] = {
    "tenant_id": "acme-tenant",
    "agent_id": "acme-agent",
    "deployment": 3,
    "settings": {"display_name": "Mia", "greeting": "Hello {name|there}, this is Mia of Rosewood.", "test_caller_phone": "+4930901820"},
    "stages": [
        {"name": "order", "prompt": "Take the order for Rosewood. Escalate to Berta Kowalski, +49 30 901820.", "tools": ["buy"]},
    ],
    "first_stage": "order",
    "tools": {"buy": {"name": "buy", "kind": "code", "parameters": {"type": "object", "properties": {"customer_name": {"type": "string"}}}}},
}


def _recording(*items: list[Any], before: list[Any] | None = None) -> Recording:
    return Recording(
        call_id="0f8b5c0e-6a39-4c1f-9d55-0b6f0c6a7d11",
        agent_id="acme-agent",
        deployment=3,
        snapshot=_whole(AGENT),
        policy={},
        begun_at_ms=0.0,
        before=before or [],
        items=[list(item) for item in items],
    )


def _whole(agent: dict[str, Any]) -> dict[str, Any]:
    from callstage_domain.agent import AgentSnapshot

    return AgentSnapshot.model_validate(agent).model_dump(mode="json")


def _entry(kind: str, **fields: Any) -> list[Any]:
    return ["entry", 5.0, {"kind": kind, **fields}]


OPENED = _entry(
    "opened",
    call_id="0f8b5c0e-6a39-4c1f-9d55-0b6f0c6a7d11",
    agent_id="acme-agent",
    at_ms=1.7e12,
    metadata={"caller_phone": "+4917612345678", "to_number": "+4930901820", "call_sid": "CA0123456789abcdef"},
    request={"first_name": "Will", "notes": "the usual"},
)
FOUND = {
    "found": True,
    "by_person": {"Will Przybylski": 3},
    "customer_name": "Will Przybylski",
    "street": "Am Alten Markt 17",
    "balance": 48211.5,
}
CALL = _recording(
    OPENED,
    _entry("looked_up", values=FOUND),
    ["turn", 10.0, "Transcript", {"text": "Will here, Will Przybylski, at the old market, five five five oh one", "is_final": True}, []],
    ["turn", 11.0, "KeyPressed", {"digit": "7", "said": 1}, [["StartReply", {"number": 1, "kind": "answer", "text": "[keypad: 7734#]"}]]],
    ["asked", 12.0, {"system": 0, "messages": "00", "tools": ["buy"], "today": "2026-05-04"}],
    _entry("user_said", text="Will Przybylski, will@przybylski.example, zip 10178, card 4111 1111 1111 1111"),
    _entry(
        "tools_requested", calls=[{"id": "t1", "name": "buy", "arguments_json": '{"customer_name": "Will Przybylski"}', "vendor_state": "c2VjcmV0"}]
    ),
    _entry(
        "tool_finished",
        tool_call_id="t1",
        name="buy",
        status="ok",
        content='{"note": "For Przybylski, Zossen"}',
        fields={"total": 12, "ref": "S00482"},
    ),
    _entry(
        "end_requested",
        reason="agent_ended",
        summary="Przybylski of Zossen bought.",
        transfer={"reason": "Przybylski insists", "department": "sales"},
    ),
)
SECRETS = [
    "przybylski",
    "zossen",
    "alten",
    "markt",
    "kowalski",
    "berta",
    "insists",
    "4917612345678",
    "4930901820",
    "901820",
    "10178",
    "4111",
    "1111",
    "48211",
    "s00482",
    "ca0123456789abcdef",
    "c2vjcmv0",
    "acme",
    "0f8b5c0e",
    "7734",
]


def _texts(recording: Recording) -> set[str]:
    return set(re.findall(r"[^\W_]+", to_json(recording).decode().casefold()))


def test_nothing_of_the_caller_is_left() -> None:
    (made,) = anonymous([CALL], seed=1)
    assert not _texts(made) & set(SECRETS)
    assert "will@" not in to_json(made).decode()
    # A name that is a common word is known by where it stood.
    assert "will" not in _texts(made)


def test_names_of_stages_tools_and_fields_and_the_agents_own_words_stay() -> None:
    (made,) = anonymous([CALL], seed=1)
    assert made.snapshot["stages"][0]["tools"] == ["buy"]
    assert re.fullmatch(r"Hello \{name\|there\}, this is \w+ of \w+\.", made.snapshot["settings"]["greeting"])
    finished = made.items[7][2]
    assert (finished["kind"], finished["name"], finished["status"], finished["fields"]["total"]) == ("tool_finished", "buy", "ok", 12)
    assert list(json.loads(made.items[6][2]["calls"][0]["arguments_json"])) == ["customer_name"]
    assert made.items[6][2]["calls"][0]["vendor_state"] is None
    assert (made.call_id, made.agent_id, made.snapshot["tenant_id"]) == ("recorded", "agent", "tenant")
    assert made.items[4][2]["today"] == "2026-01-01"


def test_the_same_is_replaced_by_the_same_everywhere() -> None:
    (made,) = anonymous([CALL], seed=2)
    name = made.items[1][2]["values"]["customer_name"]
    assert made.items[5][2]["text"].startswith(f"{name}, person1@example.com, zip ")
    assert made.items[2][3]["text"].startswith(f"{name.split()[0]} here, {name}, at the old ")
    assert json.loads(made.items[6][2]["calls"][0]["arguments_json"])["customer_name"] == name
    assert len(made.items[1][2]["values"]["customer_name"]) == len("Will Przybylski")
    keys = made.items[3][4][0][1]["text"]
    assert re.fullmatch(r"\[keypad: \d{4}#\]", keys)
    assert keys[9] == made.items[3][3]["digit"] != "7"
    number = made.items[1][2]["values"]["balance"]
    assert 10_000 <= number < 100_000
    assert number != 48211.5


def test_parts_of_one_call_share_their_names() -> None:
    other = _recording(_entry("user_said", text="Przybylski again"), before=[CALL.items[0][2], CALL.items[1][2]])
    first, second = anonymous([CALL, other], seed=3)
    surname = first.items[1][2]["values"]["customer_name"].split()[1]
    assert second.items[0][2]["text"] == f"{surname} again"
    assert second.before[1] == first.items[1][2]


def test_what_would_be_left_stops_the_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_runtime.replay.anonymous._entry", lambda entry, _: entry)
    with pytest.raises(CallerError, match="nothing was written"):
        anonymous([CALL], seed=1)


@given(st.text(max_size=200), st.integers(0, 1000))
def test_any_text_keeps_its_shape_and_loses_its_words(text: str, seed: int) -> None:
    kept = plain_words()
    substitution = Substitution(kept, (), random.Random(seed))
    changed = substitution.text(text)
    assert substitution.text(text) == changed
    words = set(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", changed.casefold()))
    assert not words & substitution.replaced
    if "@" not in text:
        assert re.sub(r"[^\W_]+", "x", changed) == re.sub(r"[^\W_]+", "x", text)


def test_a_recording_that_was_made_anonymous_is_one() -> None:
    (made,) = anonymous([CALL])
    assert from_json(to_json(made)) == made
