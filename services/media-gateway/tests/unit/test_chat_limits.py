"""Proves WS2 WS7 AC4: what may be said on a socket in text mode, and how many such conversations there may be."""

import json
from typing import Any, cast

import pytest
from callstage_domain.call import EndedReason
from callstage_domain.ids import CallId, SessionId
from media_gateway.calls.chat import Chats
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.outcome import Outcome
from media_gateway.legs.chat_messages import MAX_TEXT_CHARS, Offence, Stopped, Typed, parse
from media_gateway.legs.flood import MessageAllowance


@pytest.mark.parametrize(
    ("frame", "meaning"),
    [
        ('{"type":"text","text":" hi "}', Typed("hi")),
        ('{"type":"text","text":"hi","id":"m1","more":1}', Typed("hi", "m1")),
        ('{"type":"stop"}', Stopped()),
    ],
)
def test_what_has_a_meaning(frame: str, meaning: object) -> None:
    assert parse(frame) == meaning


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\0\0", "invalid_message"),
        ("", "invalid_message"),
        ("[]", "invalid_message"),
        ('{"type":"text"}', "invalid_message"),
        ('{"type":"text","text":"  "}', "invalid_message"),
        ('{"type":"text","text":7}', "invalid_message"),
        (json.dumps({"type": "text", "text": "hi", "id": "x" * 65}), "invalid_message"),
        ('{"type":"dtmf","digit":"1"}', "invalid_message"),
        (json.dumps({"type": "text", "text": "x" * (MAX_TEXT_CHARS + 1)}), "text_too_long"),
        (json.dumps({"type": "text", "text": "x" * 70_000}), "text_too_long"),
    ],
)
def test_what_has_none(frame: str | bytes, code: str) -> None:
    offence = parse(frame)
    assert isinstance(offence, Offence)
    assert offence.code == code


class _Session:
    def __init__(self, tenant_id: str) -> None:
        self.ended: list[Outcome] = []
        self.facts = CallFacts(
            call_id=CallId("c"),
            session_id=SessionId("s"),
            tenant_id=tenant_id,
            agent_id="a",
            deployment=1,
            channel="chat",
            caller_phone="",
            to_number="",
            carrier_call_id="",
            begun_at_ms=0,
        )

    def end(self, outcome: Outcome) -> None:
        self.ended.append(outcome)


def test_one_tenant_leaves_room_for_others() -> None:
    chats = Chats(4)
    mine, more, other = _Session("mine"), _Session("mine"), _Session("other")
    with chats.entered(cast(Any, mine)), chats.entered(cast(Any, more)):
        assert not chats.has_room("mine")
        assert chats.has_room("other")
        with chats.entered(cast(Any, other)):
            chats.shut_down()
        assert [session.ended[0].close_code for session in (mine, more, other)] == [1012, 1012, 1012]
    assert chats.has_room("mine")
    assert mine.ended[0].reason is EndedReason.SHUTDOWN


def test_nobody_writes_faster_than_he_could_read() -> None:
    allowance = MessageAllowance(0.0)
    assert [allowance.take(0.0) for _ in range(16)] == [True] * 15 + [False]
    assert not allowance.take(1.0)
    assert allowance.take(2.0)
    assert not allowance.take(2.0)
    assert all(allowance.take(1000.0) for _ in range(15))
