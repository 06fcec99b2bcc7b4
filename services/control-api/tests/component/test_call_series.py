"""Proves K2 K5 AC3: calls over time, by hours or days of a time zone, with ends, response times and cost, under the filter of the list."""

from datetime import UTC, datetime, timedelta
from typing import Any

from control_api.db.call_tables import CallRow, TurnRow
from control_api.db.tables import now
from control_api.in_process import InProcess, TenantAccess

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _rows(tenant: TenantAccess, call_id: str, at: datetime, *, responses: tuple[float, ...] = (), **fields: Any) -> list[CallRow | TurnRow]:
    of: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id}
    turn: dict[str, Any] = {"role": "assistant", "text": "Hello", "stage": "main", "was_interrupted": False, "providers": {}, "occurred_at": at}
    values: dict[str, Any] = {"agent_id": "shop", "answered_at": at, "ended_reason": "caller_hung_up", **fields}
    return [
        CallRow(**of, **values, started_at=at, ended_at=at, last_event_at=at),
        TurnRow(**of, **turn, session_id="s", turn=0, started_at_ms=0, ended_at_ms=1),
        *(
            TurnRow(**of, **turn, session_id="s", turn=number, started_at_ms=0, ended_at_ms=1, response_ms=response)
            for number, response in enumerate(responses, start=1)
        ),
    ]


async def _store(stack: InProcess, *rows: list[CallRow | TurnRow]) -> None:
    async with stack.database.session() as session:
        session.add_all([row for some in rows for row in some])
        await session.commit()


async def _series(tenant: TenantAccess, **query: Any) -> dict[str, Any]:
    reply = await tenant.http.get("/v1/calls/series", params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def _lived(stack: InProcess, tenant: TenantAccess) -> None:
    await _store(
        stack,
        _rows(tenant, "a", START, responses=(100.0, 200.0, 300.0), cost=0.5),
        _rows(tenant, "b", START + timedelta(minutes=59), responses=(500.0,), ended_reason="provider_failed", cost=0.25),
        _rows(tenant, "c", START + timedelta(hours=2), ended_reason="blocked", answered_at=None),
        _rows(tenant, "d", START + timedelta(hours=2), ended_reason="a word of a newer release", is_test=True),
        _rows(tenant, "e", START + timedelta(hours=3), ended_reason=None, agent_id="other"),
        _rows(await stack.tenant(), "a", START, responses=(9000.0,)),
    )


WITHIN = {"from": START.isoformat(), "to": (START + timedelta(hours=4)).isoformat()}


async def test_hours_have_their_calls_ends_response_times_and_cost(stack: InProcess, tenant: TenantAccess) -> None:
    await _lived(stack, tenant)
    found = await _series(tenant, **WITHIN)
    assert (found["bucket"], found["timezone"]) == ("hour", "UTC")
    assert [datetime.fromisoformat(found[end]) for end in ("from", "to")] == [START, START + timedelta(hours=4)]
    first, empty, third, fourth = found["points"]
    assert first == {
        "at": "2026-03-01T12:00:00Z",
        "calls": 2,
        "answered": 2,
        "failed": {"provider": 1},
        "response_p50_ms": 250.0,
        "response_p95_ms": 470.0,
        "cost": 0.75,
    }
    assert (empty["calls"], empty["failed"], empty["response_p50_ms"], empty["cost"]) == (0, {}, None, None)
    assert (third["calls"], third["answered"], third["failed"]) == (2, 1, {"caller": 1, "platform": 1})
    assert (fourth["calls"], fourth["failed"]) == (1, {})
    total = found["total"]
    assert (total["calls"], total["answered"], total["failed"]) == (5, 4, {"provider": 1, "caller": 1, "platform": 1})
    assert (total["response_p50_ms"], total["response_p95_ms"], total["cost"]) == (250.0, 470.0, 0.75)


async def test_the_filter_is_that_of_the_list(stack: InProcess, tenant: TenantAccess) -> None:
    await _lived(stack, tenant)
    for wanted in ({"agent_id": "other"}, {"fault": "provider"}, {"is_test": "true"}, {"ended_reason": "blocked"}, {"min_cost": 0.3}, {"q": "hello"}):
        listed = (await tenant.http.get("/v1/calls", params={**WITHIN, **wanted})).json()["calls"]
        assert (await _series(tenant, **WITHIN, **wanted))["total"]["calls"] == len(listed), wanted


async def test_a_day_is_that_of_the_time_zone(stack: InProcess, tenant: TenantAccess) -> None:
    await _store(stack, _rows(tenant, "late", datetime(2026, 3, 1, 23, 30, tzinfo=UTC)))
    within = {"from": "2026-02-25T00:00:00Z", "to": "2026-03-05T00:00:00Z"}
    for zone, day in (("UTC", "2026-03-01T00:00:00Z"), ("Europe/Berlin", "2026-03-01T23:00:00Z"), ("America/New_York", "2026-03-01T05:00:00Z")):
        found = await _series(tenant, **within, timezone=zone)
        assert [point["at"] for point in found["points"] if point["calls"]] == [day], zone


async def test_without_a_start_it_begins_with_the_first_call_of_thirty_days(stack: InProcess, tenant: TenantAccess) -> None:
    nothing = await _series(tenant)
    assert nothing["total"] == {"calls": 0, "answered": 0, "failed": {}, "response_p50_ms": None, "response_p95_ms": None, "cost": None}
    assert datetime.fromisoformat(nothing["to"]) - datetime.fromisoformat(nothing["from"]) == timedelta(days=30)
    first = now() - timedelta(days=9)
    await _store(stack, _rows(tenant, "old", first - timedelta(days=40)), _rows(tenant, "first", first), _rows(tenant, "new", now()))
    found = await _series(tenant)
    assert (datetime.fromisoformat(found["from"]), found["bucket"], found["total"]["calls"]) == (first, "day", 2)


async def test_it_reaches_back_a_year_at_most(tenant: TenantAccess) -> None:
    found = await _series(tenant, **{"from": "1990-01-01", "to": "2026-03-01"})
    assert found["from"] == "2025-02-28T00:00:00Z"
    assert len(found["points"]) <= 367


async def test_what_is_no_time_zone_is_told(tenant: TenantAccess) -> None:
    for wrong in ("Europe/Atlantis", "", "../etc/passwd", "x" * 61):
        reply = await tenant.http.get("/v1/calls/series", params={"timezone": wrong})
        assert reply.status_code == 422, wrong
        assert [error["field"] for error in reply.json()["errors"]] == ["timezone"]
