"""Proves K2 K3 K4 K5 EV1 M11: events become records once, in any order, and a bad one holds nothing up."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from callstage_contracts.events import (
    CallAnswered,
    CallEnded,
    CallRejected,
    CallStarted,
    EmailHandedOff,
    EmailTurn,
    Event,
    LatencyParts,
    MailboxFailed,
    StageEntered,
    ToolCompleted,
    TurnCompleted,
)
from callstage_domain.ids import mail_call_id
from control_api.consumers.reaper import CallReaper
from control_api.db.call_tables import CallRow, RefusedEventRow
from control_api.in_process import InProcess, TenantAccess, until
from sqlalchemy import select, update

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _call(tenant: TenantAccess, call_id: str) -> Sequence[Event]:
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id}
    return [
        CallStarted(
            **at,
            occurred_at=START,
            session_id="s",
            agent_id="pizza",
            deployment=3,
            channel="twilio",
            caller_phone="+15550001111",
            to_number="+15550002222",
            carrier_call_id="CA1",
        ),
        CallAnswered(**at, occurred_at=START + timedelta(seconds=1)),
        TurnCompleted(
            **at, occurred_at=START + timedelta(seconds=2), session_id="s", turn=0, role="assistant", text="Hello", stage="order", ended_at_ms=900
        ),
        TurnCompleted(
            **at,
            occurred_at=START + timedelta(seconds=4),
            session_id="s",
            turn=1,
            role="user",
            text="Two pizzas",
            stage="order",
            started_at_ms=1500,
            ended_at_ms=2500,
            latency=LatencyParts(response_ms=640.0, stt_ms=90.0),
        ),
        ToolCompleted(
            **at,
            occurred_at=START + timedelta(seconds=5),
            run_key=f"{call_id}/t1",
            tool="place_order",
            stage="order",
            status="ok",
            result={"total": 20},
        ),
        StageEntered(**at, occurred_at=START + timedelta(seconds=6), stage="close", previous="order", by_tool="place_order"),
        CallEnded(
            **at,
            occurred_at=START + timedelta(seconds=31),
            reason="agent_ended",
            duration_ms=30_000,
            usage={"llm_tokens": 120},
            summary="Two pizzas.",
        ),
    ]


async def _ended(tenant: TenantAccess, call_id: str) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        reply = await tenant.http.get(f"/api/dashboard/calls/{call_id}")
        found = reply.json() if reply.status_code == 200 else {}
        is_complete = found.get("status") == "ended" and found["agent_id"] and found["stages"] and found["tool_runs"]
        return found if is_complete and len(found["transcript"]) == 2 and found["answered_at"] else {}

    return await until(ask)


@pytest.mark.parametrize("order", ["forwards", "backwards", "twice"])
async def test_a_call_is_complete_in_any_order(stack: InProcess, tenant: TenantAccess, order: str) -> None:
    call_id = secrets.token_hex(8)
    events = _call(tenant, call_id)
    sent = list(reversed(events)) if order == "backwards" else events
    await stack.publish(*sent)
    if order == "twice":
        for event in events:
            await stack.nats.jetstream.publish(event.subject, event.model_dump_json().encode())
    call = await _ended(tenant, call_id)
    wanted = {
        "agent_id": "pizza",
        "deployment": 3,
        "channel": "twilio",
        "direction": "inbound",
        "caller_phone": "+15550001111",
        "to_number": "+15550002222",
        "carrier_call_id": "CA1",
        "session_id": "s",
        "duration_ms": 30_000,
        "ended_reason": "agent_ended",
        "fault": "nobody",
        "summary": "Two pizzas.",
        "usage": {"llm_tokens": 120},
    }
    assert {name: call[name] for name in wanted} == wanted
    assert datetime.fromisoformat(call["started_at"]) == START
    assert datetime.fromisoformat(call["answered_at"]) == START + timedelta(seconds=1)
    lines = [(line["turn"], line["role"], line["text"], line["interrupted"]) for line in call["transcript"]]
    assert lines == [(0, "assistant", "Hello", False), (1, "user", "Two pizzas", False)]
    assert call["transcript"][1]["latency"] == {"response_ms": 640.0, "stt_ms": 90.0}
    assert [(stage["stage"], stage["by_tool"]) for stage in call["stages"]] == [("close", "place_order")]
    assert [(run["tool"], run["status"], run["result"]) for run in call["tool_runs"]] == [("place_order", "ok", {"total": 20})]


async def test_a_turn_told_again_is_corrected(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = secrets.token_hex(8)
    turn = {"tenant_id": tenant.id, "call_id": call_id, "session_id": "s", "turn": 0, "role": "assistant", "stage": "a"}
    await stack.publish(
        TurnCompleted.model_validate({**turn, "text": "Hello, how", "was_interrupted": True, "occurred_at": START + timedelta(seconds=9)}),
        TurnCompleted.model_validate({**turn, "text": "Hello, how are you?", "occurred_at": START}),
        CallEnded(tenant_id=tenant.id, call_id=call_id, reason="caller_hung_up", duration_ms=1),
    )

    async def ended() -> dict[str, Any]:
        reply = await tenant.http.get(f"/v1/calls/{call_id}")
        return reply.json() if reply.status_code == 200 and reply.json()["status"] == "ended" else {}

    assert [line["text"] for line in (await until(ended))["transcript"]] == ["Hello, how"]


async def test_a_rejected_call_has_a_record(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = secrets.token_hex(8)
    await stack.publish(CallRejected(tenant_id=tenant.id, call_id=call_id, channel="twilio", caller_phone="+15550001111", reason="blocked"))

    async def recorded() -> list[dict[str, Any]]:
        return (await tenant.http.get("/v1/calls", params={"outcome": "blocked"})).json()["calls"]

    assert [call["call_id"] for call in await until(recorded)] == [call_id]


async def test_a_bad_message_is_put_aside(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = secrets.token_hex(8)
    acknowledged = await stack.nats.jetstream.publish(f"callstage.{tenant.id}.call.strange", b'{"type":"call.strange"}')
    await stack.publish(*_call(tenant, call_id))
    await _ended(tenant, call_id)

    async def put_aside() -> bool:
        async with stack.database.session() as session:
            return await session.scalar(select(RefusedEventRow.subject).where(RefusedEventRow.stream_sequence == acknowledged.seq)) is not None

    assert await until(put_aside, timeout_s=60)


async def test_a_call_nobody_ended_is_closed_and_a_late_end_wins(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = secrets.token_hex(8)
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id}
    started = datetime.now(UTC) - timedelta(minutes=15)
    await stack.publish(
        CallStarted(**at, occurred_at=started, session_id="s", agent_id="gone", deployment=1, channel="browser"),
        CallAnswered(**at, occurred_at=started + timedelta(seconds=1)),
    )

    async def call() -> dict[str, Any]:
        reply = await tenant.http.get(f"/v1/calls/{call_id}")
        return reply.json() if reply.status_code == 200 and reply.json()["answered_at"] else {}

    await until(call)
    reaper = CallReaper(stack.database, interval_s=60)
    await reaper.reap()
    assert (await call())["status"] == "active"
    async with stack.database.session() as session:
        old = datetime.now(UTC) - timedelta(minutes=21)
        await session.execute(update(CallRow).where(CallRow.tenant_id == tenant.id, CallRow.call_id == call_id).values(last_event_at=old))
        await session.commit()
    await reaper.reap()
    assert ((await call())["ended_reason"], (await call())["fault"]) == ("gateway_lost", "platform")
    await stack.publish(CallEnded(**at, occurred_at=started + timedelta(minutes=1), reason="caller_hung_up", duration_ms=60_000))

    async def corrected() -> bool:
        return (await call())["ended_reason"] == "caller_hung_up"

    await until(corrected)


async def test_mail_conversations(stack: InProcess, tenant: TenantAccess) -> None:
    session_id = secrets.token_hex(8)
    at: dict[str, Any] = {"tenant_id": tenant.id, "session_id": session_id, "agent_id": "mail"}
    body = {"address": "orders@example.com", "imap_host": "imap.example.com", "smtp_host": "smtp.example.com", "username": "orders", "password": "p"}
    await tenant.http.post("/v1/agents", json={"agent_id": "mail", "display_name": "M", "channel": "chat"})
    mailbox = (await tenant.http.put("/v1/agents/mail/mailbox", json=body)).json()["mailbox"]
    await stack.publish(
        EmailTurn(**at, turn=1, role="assistant", text="Which size?", subject_line="Re: Order", occurred_at=START + timedelta(minutes=1)),
        EmailTurn(**at, turn=0, role="user", text="A pizza", subject_line="Order", address="c@example.com", message_id="<1@x>", occurred_at=START),
        EmailHandedOff(**at, reason="max_turns", forwarded_to="team@example.com"),
        MailboxFailed(tenant_id=tenant.id, agent_id="mail", integration_id=mailbox["integration_id"], message="LOGIN failed"),
    )

    async def handed_off() -> dict[str, Any]:
        reply = await tenant.http.get(f"/v1/conversations/{session_id}")
        found = reply.json() if reply.status_code == 200 else {}
        return found if found.get("status") == "handed_off" else {}

    found = await until(handed_off)
    assert (found["subject_line"], found["address"], found["forwarded_to"]) == ("Order", "c@example.com", "team@example.com")
    assert [line["text"] for line in found["transcript"]] == ["A pizza", "Which size?"]

    async def failed() -> bool:
        return (await tenant.http.get("/v1/agents/mail/mailbox")).json()["mailbox"]["last_error"] == "LOGIN failed"

    await until(failed)


async def test_a_tool_that_ran_for_a_mail_belongs_to_the_conversation_and_makes_no_call(stack: InProcess, tenant: TenantAccess) -> None:
    session_id = secrets.token_hex(8)
    await stack.publish(
        ToolCompleted(tenant_id=tenant.id, call_id=mail_call_id(session_id), run_key="r1", tool="track", status="ok", result={"order": 7}),
        EmailTurn(tenant_id=tenant.id, session_id=session_id, agent_id="mail", turn=0, role="user", text="Where is it?", subject_line="Order"),
    )

    async def told() -> list[dict[str, Any]]:
        reply = await tenant.http.get(f"/v1/conversations/{session_id}")
        found: list[dict[str, Any]] = reply.json()["tool_runs"] if reply.status_code == 200 else []
        return found

    assert [(run["tool"], run["result"]) for run in await until(told)] == [("track", {"order": 7})]
    assert (await tenant.http.get("/v1/calls")).json()["calls"] == []
    assert (await tenant.http.get("/v1/stats")).json()["active_calls"] == 0


async def test_a_nul_in_what_a_tool_returned_does_not_cost_the_record(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = secrets.token_hex(8)
    events = [
        event.model_copy(update={"result": {"text": "a\0b"}}) if isinstance(event, ToolCompleted) else event for event in _call(tenant, call_id)
    ]
    await stack.publish(*events)
    call = await _ended(tenant, call_id)
    assert call["tool_runs"][0]["result"] == {"text": "a\ufffdb"}


async def test_filters_pages_stats_and_export(stack: InProcess, tenant: TenantAccess) -> None:
    ids = [secrets.token_hex(8) for _ in range(3)]
    for position, call_id in enumerate(ids):
        later = timedelta(hours=position)
        await stack.publish(*(event.model_copy(update={"occurred_at": event.occurred_at + later}) for event in _call(tenant, call_id)))
    for call_id in ids:
        await _ended(tenant, call_id)
    first = (await tenant.http.get("/api/dashboard/calls", params={"limit": 2})).json()
    second = (await tenant.http.get("/api/dashboard/calls", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [call["call_id"] for call in first["calls"] + second["calls"]] == list(reversed(ids))
    assert second["next_cursor"] is None
    for wanted, count in (
        ({"from": (START + timedelta(hours=1)).isoformat()}, 2),
        ({"to": (START + timedelta(hours=1)).isoformat()}, 1),
        ({"number": "+15550001111"}, 3),
        ({"number": "+15550009999"}, 0),
        ({"agent_id": "pizza", "direction": "inbound", "ended_reason": "agent_ended"}, 3),
        ({"direction": "outbound"}, 0),
    ):
        assert len((await tenant.http.get("/v1/calls", params=wanted)).json()["calls"]) == count, wanted
    stats = (await tenant.http.get("/api/dashboard/stats")).json()
    assert (stats["calls_total"], stats["active_calls"], stats["minutes_total"], stats["avg_duration_s"]) == (3, 0, 1.5, 30.0)
    assert {"agents", "numbers", "calls_today", "avg_response_ms"} <= set(stats)
    lines = (await tenant.http.get("/v1/calls/export", params={"format": "jsonl"})).text.splitlines()
    assert [json.loads(line)["call_id"] for line in lines] == ids
    table = (await tenant.http.get("/v1/calls/export", params={"format": "csv"})).text.splitlines()
    assert table[0].startswith("call_id,session_id,agent_id")
    assert len(table) == 4
