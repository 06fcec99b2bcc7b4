"""Steps that several end-to-end tests take: make an agent, find a call, wait for what comes by events."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx2
from callstage_phone.browser import BrowserCaller
from callstage_phone.room import CallOver
from callstage_testing.stack import Stack

T = TypeVar("T")
NOT_THERE_YET = (4001, 4005)
"""Unknown key, unknown agent (rule WS5)."""
_numbers = itertools.count(200)


async def eventually(check: Callable[[], Awaitable[T | None]], *, timeout_s: float = 10.0, what: str = "it") -> T:
    """The first truthy result of `check`; a call that ended or a wait that timed out counts as not yet. Raises AssertionError."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        try:
            result = await check()
        except (TimeoutError, CallOver):
            result = None
        if result:
            return result
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not happen within {timeout_s} s"
        await asyncio.sleep(0.1)


async def make_agent(api: httpx2.AsyncClient, agent_id: str, *, deploy: bool = True, **fields: Any) -> str:
    """Create (or change) an agent and deploy it; returns its id."""
    body = {"display_name": "Test", "disclosure": False, **fields}
    reply = await api.post("/v1/agents", json={"agent_id": agent_id, **body})
    if reply.status_code == 409:
        reply = await api.patch(f"/v1/agents/{agent_id}", json={key: value for key, value in body.items() if key != "channel"})
    assert reply.status_code < 300, reply.text
    if deploy:
        reply = await api.post(f"/v1/agents/{agent_id}/deploy", json={})
        assert reply.status_code < 300, reply.text
    return agent_id


@asynccontextmanager
async def browser_call(stack: Stack, agent_id: str) -> AsyncGenerator[BrowserCaller]:
    """A silent browser in a call, with a key of its own: 30 connections a minute of one key (rule WS5) are too few for a test run.

    Keys and deployments that were made just now reach one gateway a moment later than another (rule D3: two seconds).
    """
    async with stack.api() as api:
        made = await api.post("/v1/api-keys", json={"name": f"a browser of {agent_id}"})
    query = {"api_key": made.json()["api_key"], "agent_id": agent_id}
    deadline = asyncio.get_running_loop().time() + 10.0
    while True:
        async with BrowserCaller(f"{stack.gateway_ws}/ws/voice", query, microphone=False) as browser:
            try:
                await browser.wait_for("connected", 10)
            except CallOver:
                if browser.close_code not in NOT_THERE_YET or asyncio.get_running_loop().time() > deadline:
                    raise
            else:
                yield browser
                return
        await asyncio.sleep(0.1)


async def until_live(stack: Stack, agent_id: str) -> None:
    """The deployment reached the data plane: several connections, because each may meet another gateway."""
    for _ in range(4):
        async with browser_call(stack, agent_id):
            pass


async def make_number(api: httpx2.AsyncClient, agent_id: str | None, **fields: Any) -> str:
    """A fresh number that leads to the agent."""
    number = f"+1202555{next(_numbers):04d}"
    reply = await api.post("/v1/numbers", json={"number": number, "inboundRoute": "ai_agent", "routeTarget": agent_id, **fields})
    assert reply.status_code < 300, reply.text
    return number


async def hears(browser: BrowserCaller, words: str, *, timeout_s: float = 15.0) -> str:
    """The first sentence of the agent, in whatever case, with these words in it."""

    def matches(data: dict[str, Any]) -> bool:
        return data["payload"]["role"] == "assistant" and words.lower() in data["payload"]["text"].lower()

    event = await browser.wait_for("transcript", timeout_s, matching=matches)
    return str(event.data["payload"]["text"])


async def record_of(
    api: httpx2.AsyncClient, carrier_call_id: str, *, until: Callable[[dict[str, Any]], bool], timeout_s: float = 15.0
) -> dict[str, Any]:
    """The call record with that carrier id, once `until` holds for it."""

    async def look() -> dict[str, Any] | None:
        calls: list[dict[str, Any]] = (await api.get("/v1/calls", params={"limit": 50})).json()["calls"]
        for call in calls:
            if call["carrier_call_id"] == carrier_call_id:
                detail = (await api.get(f"/v1/calls/{call['call_id']}")).json()
                record: dict[str, Any] = detail.get("call", detail)
                return record if until(record) else None
        return None

    return await eventually(look, timeout_s=timeout_s, what=f"the record of {carrier_call_id}")


def has_ended(record: dict[str, Any]) -> bool:
    """The call's last event was applied."""
    return bool(record.get("ended_at"))


def said_by(record: dict[str, Any], role: str) -> str:
    """All that one side said, in one text."""
    return " ".join(turn["text"] for turn in record["transcript"] if turn["role"] == role)
