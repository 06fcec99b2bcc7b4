"""Proves UI1 UI2 K2 RE2: agents in numbers for their cards, the draft against what is live, and calls found by what was said, cost and length."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from callstage_contracts.events import CallEnded, CallJournaled, CallStarted, LatencyParts, TurnCompleted
from control_api.in_process import InProcess, TenantAccess, until

AGENT = {"agent_id": "shop", "display_name": "Mia", "tools": ["end_call"]}


def _call(
    tenant: TenantAccess,
    call_id: str,
    *,
    said: str = "Hello",
    response_ms: float | None = None,
    tokens: int = 0,
    seconds: int = 10,
    is_test: bool = False,
    at: datetime | None = None,
    is_over: bool = True,
) -> list[Any]:
    moment = at or datetime.now(UTC)
    of: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id, "occurred_at": moment}
    latency = LatencyParts(response_ms=response_ms) if response_ms else None
    events: list[Any] = [
        CallStarted(**of, session_id="s", agent_id="shop", deployment=1, channel="twilio", is_test=is_test),
        TurnCompleted(**of, session_id="s", turn=0, role="assistant", text=said, stage="main", latency=latency),
        CallJournaled(**of, usage={"llm_input_tokens": tokens, "llm_input_tokens:groq:llama-3.3-70b-versatile": tokens} if tokens else {}),
    ]
    return [*events, CallEnded(**of, reason="agent_ended", duration_ms=seconds * 1000)] if is_over else events


async def _calls(tenant: TenantAccess, **query: Any) -> list[str]:
    reply = await tenant.http.get("/v1/calls", params=query)
    assert reply.status_code == 200, reply.text
    return [call["call_id"] for call in reply.json()["calls"]]


async def test_agents_in_numbers(stack: InProcess, tenant: TenantAccess) -> None:
    for agent_id in ("shop", "idle"):
        await tenant.http.post("/v1/agents", json={**AGENT, "agent_id": agent_id})
    await tenant.http.post("/v1/agents/shop/deploy")
    number = f"+1415{secrets.randbelow(10**7):07d}"
    assert (await tenant.http.post("/v1/numbers", json={"number": number, "routeTarget": "shop"})).status_code == 201
    events = [event for index in range(20) for event in _call(tenant, f"c{index}", response_ms=100.0 + index * 100)]
    events += _call(tenant, "test", response_ms=9000.0, is_test=True)
    events += _call(tenant, "old", response_ms=9000.0, at=datetime.now(UTC) - timedelta(days=8))
    await stack.publish(*events, *_call(tenant, "open", is_over=False))

    async def told() -> dict[str, Any]:
        stats = (await tenant.http.get("/v1/agents/stats")).json()["stats"]
        return stats[0] if stats[0]["calls_today"] == 21 and stats[0]["active_calls"] == 1 and stats[0]["last_test_at"] else {}

    shop = await until(told)
    assert shop["numbers"] == [number]
    assert shop["p95_response_ms"] == 1905.0
    assert (shop["deployed"], shop["draft_differs"]) == (True, False)
    assert shop["last_call_at"]
    idle = (await tenant.http.get("/v1/agents/stats")).json()["stats"][1]
    assert idle == {
        "agent_id": "idle",
        "numbers": [],
        "calls_today": 0,
        "active_calls": 0,
        "p95_response_ms": None,
        "last_call_at": None,
        "last_test_at": None,
        "deployed": False,
        "draft_differs": True,
    }
    assert (await (await stack.tenant()).http.get("/v1/agents/stats")).json()["stats"] == []


async def test_the_draft_against_what_is_live(tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json={**AGENT, "stages": [{"name": "order", "prompt": "Sell.", "tools": ["end_call"]}]})
    assert (await tenant.http.get("/v1/agents/shop/diff")).json() == {"deployment": None, "deployed_at": None, "version": 1, "changes": []}
    await tenant.http.post("/v1/agents/shop/deploy")
    assert (await tenant.http.get("/v1/agents/shop/diff")).json()["changes"] == []
    await tenant.http.patch("/v1/agents/shop", json={"stages": [{"name": "order", "prompt": "Sell more.", "tools": ["end_call"]}]})
    found = (await tenant.http.get("/v1/agents/shop/diff")).json()
    assert (found["deployment"], found["version"]) == (1, 2)
    assert found["changes"] == [{"path": "stages.order.prompt", "before": "Sell.", "after": "Sell more."}]
    assert (await tenant.http.get("/v1/agents/none/diff")).status_code == 404


async def test_calls_are_found_by_what_was_said_cost_and_length(stack: InProcess, tenant: TenantAccess) -> None:
    start = datetime.now(UTC) - timedelta(hours=1)
    await stack.publish(
        *_call(tenant, "a", said="One large Margherita, 100% fresh", tokens=1_000_000, seconds=10, at=start),
        *_call(tenant, "b", said="A salad", tokens=100_000, seconds=60, at=start + timedelta(minutes=1)),
        *_call(tenant, "c", said="Nothing", seconds=300, at=start + timedelta(minutes=2)),
    )

    async def applied() -> bool:
        calls = (await tenant.http.get("/v1/calls")).json()["calls"]
        return len(calls) == 3 and all(call["ended_at"] and call["usage"] is not None for call in calls)

    await until(applied)
    costs = {call["call_id"]: call["cost"] for call in (await tenant.http.get("/v1/calls")).json()["calls"]}
    assert costs == {"a": 0.59, "b": 0.059, "c": None}
    assert await _calls(tenant, q="margheRITA") == ["a"]
    assert await _calls(tenant, q="100% f") == ["a"]
    assert await _calls(tenant, q="100_ f") == []
    assert await _calls(tenant, min_cost=0.06) == ["a"]
    assert await _calls(tenant, max_cost=0.5) == ["b"]
    assert await _calls(tenant, min_duration_s=30, max_duration_s=100) == ["b"]
    assert await _calls(tenant, sort="oldest") == ["a", "b", "c"]
    first = (await tenant.http.get("/v1/calls", params={"sort": "oldest", "limit": 2})).json()
    assert await _calls(tenant, sort="oldest", limit=2, cursor=first["next_cursor"]) == ["c"]
    lines = (await tenant.http.get("/v1/calls/export", params={"min_cost": 0.06})).text.splitlines()
    assert len(lines) == 2
    assert "cost" in lines[0].split(",")
    for wrong in ({"q": "x"}, {"min_cost": -1}, {"sort": "cheapest"}):
        assert (await tenant.http.get("/v1/calls", params=wrong)).status_code == 422
