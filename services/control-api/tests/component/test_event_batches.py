"""Proves K4 EV1: a batch of events leaves the same records as the events one by one, replicas do not block each other, a bad event is found in it."""

import random
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from callstage_contracts.events import (
    AnyEvent,
    CallAnswered,
    CallEnded,
    CallStarted,
    EmailHandedOff,
    EmailTurn,
    StageEntered,
    ToolCompleted,
    TurnCompleted,
)
from callstage_domain.ids import mail_call_id, new_event_id
from callstage_kit.tasks import all_of
from control_api.consumers.apply import apply_events
from control_api.db.call_tables import CallRow, ConversationRow, MailTurnRow, RefusedEventRow, StageVisitRow, ToolRunRow, TurnRow
from control_api.db.database import Database
from control_api.in_process import InProcess, TenantAccess, until
from sqlalchemy import select

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_TABLES = [row.metadata.tables[row.__tablename__] for row in (CallRow, TurnRow, StageVisitRow, ToolRunRow, ConversationRow, MailTurnRow)]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url, pool_size=4, timeout_s=10) as running:
        yield running


async def _apply(database: Database, events: Sequence[AnyEvent]) -> int:
    async with database.session() as session:
        new = await (await session.connection()).run_sync(apply_events, events)
        await session.commit()
        return new


async def _records(database: Database, tenant_id: str) -> list[list[str]]:
    """Every row of the tenant without the ids that differ from tenant to tenant."""
    async with database.session() as session:
        tables = [(await session.execute(select(table).where(table.c.tenant_id == tenant_id))).mappings().all() for table in _TABLES]
    return [sorted(str({name: row[name] for name in row if name not in {"tenant_id", "event_id"}}) for row in rows) for rows in tables]


def _events(tenant_id: str, calls: int = 3) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    for number in range(calls):
        at: dict[str, Any] = {"tenant_id": tenant_id, "call_id": f"c{number}"}
        line: dict[str, Any] = {**at, "session_id": "s", "role": "user", "stage": "a"}
        mail: dict[str, Any] = {"tenant_id": tenant_id, "session_id": f"m{number}", "agent_id": "mail"}
        said = [
            CallStarted(**at, session_id="s", agent_id="pizza", deployment=3, channel="twilio", caller_phone="+1555"),
            CallAnswered(**at),
            CallAnswered(**at, is_takeover=True),
            CallAnswered(**at, is_takeover=True),
            TurnCompleted(**line, turn=0, text="Hel"),
            TurnCompleted(**line, turn=0, text="Hello", was_interrupted=True),
            TurnCompleted(**line, turn=1, text="Two"),
            StageEntered(**at, stage="b", previous="a"),
            ToolCompleted(**at, run_key="r", tool="order", status="unknown"),
            ToolCompleted(**at, run_key="r", tool="order", status="ok", result={"total": 2}),
            ToolCompleted(tenant_id=tenant_id, call_id=mail_call_id(f"m{number}"), run_key="r", tool="track", status="ok"),
            CallEnded(**at, reason="gateway_lost", duration_ms=1),
            CallEnded(**at, reason="agent_ended", duration_ms=2, summary="Two."),
            EmailTurn(**mail, turn=0, role="user", text="A pizza", subject_line="Order", address="c@example.com"),
            EmailTurn(**mail, turn=1, role="assistant", text="Which?", subject_line="Re: Order"),
            EmailHandedOff(**mail, reason="max_turns"),
        ]
        events += [event.model_copy(update={"occurred_at": START + timedelta(seconds=position)}) for position, event in enumerate(said)]
    return events


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
async def test_a_batch_is_the_same_as_one_by_one(database: Database, seed: int | None) -> None:
    alone, together = secrets.token_hex(8), secrets.token_hex(8)
    events = _events(alone)
    for event in events:
        assert await _apply(database, [event]) == 1
    other = [event.model_copy(update={"tenant_id": together, "id": new_event_id()}) for event in events]
    if seed is not None:
        random.Random(seed).shuffle(other)
    assert await _apply(database, [*other[:20], *other[5:]]) == len(other)
    assert await _apply(database, other) == 0
    wanted, found = await _records(database, alone), await _records(database, together)
    assert [len(rows) for rows in found] == [3, 6, 3, 6, 3, 6]
    assert found == wanted


async def test_replicas_apply_the_same_calls_at_the_same_time(database: Database) -> None:
    tenant_id = secrets.token_hex(8)
    events = _events(tenant_id, calls=30)
    random.Random(4).shuffle(events)
    parts = [events[:300], events[200:], events[::-2], events[::2]]
    counts = await all_of(*(_apply(database, part) for part in parts))
    assert sum(counts) == len(events)
    assert [len(rows) for rows in await _records(database, tenant_id)] == [30, 60, 30, 60, 30, 60]


async def test_an_event_that_postgres_refuses_is_found_in_its_batch(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = secrets.token_hex(8)
    line: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id, "session_id": "s", "role": "user", "stage": "a", "text": "Hi"}
    await stack.publish(*(TurnCompleted(**line, turn=2**40 if turn == 5 else turn) for turn in range(10)))

    async def told() -> bool:
        reply = await tenant.http.get(f"/v1/calls/{call_id}")
        return reply.status_code == 200 and [line["turn"] for line in reply.json()["transcript"]] == [0, 1, 2, 3, 4, 6, 7, 8, 9]

    await until(told)

    async def put_aside() -> list[str]:
        async with stack.database.session() as session:
            return list(await session.scalars(select(RefusedEventRow.body).where(RefusedEventRow.body.contains(call_id))))

    bodies = await until(put_aside, timeout_s=60)
    assert len(bodies) == 1
    assert str(2**40) in bodies[0]
