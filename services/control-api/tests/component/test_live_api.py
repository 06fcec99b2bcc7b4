"""Proves X4 UI1 AC3: running calls and their events over HTTP, hints and ends on their way to the process that has the call."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from callstage_contracts.events import CallAnswered, CallEnded, CallStarted, StageEntered, TurnCompleted
from callstage_contracts.live import LiveCommand, LiveCommandReply
from callstage_contracts.subjects import live_command_subject, live_subject
from callstage_domain.errors import Unauthorized
from callstage_kit.tasks import TaskScope
from control_api.access.dependencies import caller_again
from control_api.in_process import InProcess, TenantAccess, until
from starlette.requests import Request


async def _running(stack: InProcess, tenant: TenantAccess, *, agent_id: str = "shop") -> str:
    call_id = secrets.token_hex(8)
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id}
    await stack.publish(
        CallStarted(**at, session_id="s", agent_id=agent_id, deployment=1, channel="twilio", caller_phone="+15550100"),
        CallAnswered(**at),
        StageEntered(**at, stage="order"),
        StageEntered(**at, stage="pay", previous="order", by_tool="buy"),
    )

    async def there() -> bool:
        calls = (await tenant.http.get("/v1/live/calls")).json()["calls"]
        return any(call["call_id"] == call_id and call["stage"] == "pay" and call["status"] == "active" for call in calls)

    await until(there)
    return call_id


class Reader:
    """A browser that reads a stream, straight from the app: the client of the other tests waits for the end of a reply."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.has_begun = asyncio.Event()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self.has_begun.set()
            return
        for part in message.get("body", b"").decode().split("\n\n"):
            if "data: " in part:
                self.events.put_nowait(json.loads(part.split("data: ", 1)[1]))

    async def next(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(15):
            while True:
                event = await self.events.get()
                if event["type"] == kind:
                    return event


@asynccontextmanager
async def _reading(stack: InProcess, key: str, path: str) -> AsyncGenerator[Reader]:
    reader, sent = Reader(), False
    gone = asyncio.Event()

    async def receive() -> Any:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"x-api-key", key.encode()), (b"host", b"test")],
        "http_version": "1.1",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "root_path": "",
    }
    async with TaskScope("reader") as tasks:
        task = tasks.start(stack.app(scope, receive, reader.send), name="read")  # type: ignore[arg-type]
        async with asyncio.timeout(15):
            await reader.has_begun.wait()
        yield reader
        gone.set()
        async with asyncio.timeout(15):
            await asyncio.wait({task})


async def test_running_calls_are_listed_until_they_end(stack: InProcess, tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json={"agent_id": "shop", "display_name": "Mia"})
    call_id = await _running(stack, tenant)
    (call,) = (await tenant.http.get("/v1/live/calls")).json()["calls"]
    assert (call["agent_name"], call["caller_phone"], call["channel"], call["is_test"]) == ("Mia", "+15550100", "twilio", False)
    other = await stack.tenant()
    assert (await other.http.get("/v1/live/calls")).json()["calls"] == []
    await stack.publish(CallEnded(tenant_id=tenant.id, call_id=call_id, reason="agent_ended", duration_ms=1))

    async def gone() -> bool:
        return (await tenant.http.get("/v1/live/calls")).json()["calls"] == []

    await until(gone)


async def test_events_of_all_calls_arrive_as_they_happen(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = await _running(stack, tenant)
    other = await stack.tenant()
    async with _reading(stack, tenant.key, "/v1/live/events") as reader:
        assert reader.status == 200
        assert reader.headers["content-type"].startswith("text/event-stream")
        assert [call["call_id"] for call in (await reader.next("calls"))["calls"]] == [call_id]
        caption = {"role": "user", "text": "I would li", "isFinal": False}
        await stack.nats.client.publish(live_subject(other.id, "x"), json.dumps({**caption, "text": "secret"}).encode())
        await stack.nats.client.publish(live_subject(tenant.id, call_id), json.dumps(caption).encode())
        told = await reader.next("caption")
        assert (told["call_id"], told["text"], told["is_final"]) == (call_id, "I would li", False)
        turn = TurnCompleted(tenant_id=tenant.id, call_id=call_id, session_id="s", turn=0, role="user", text="I would like", stage="pay")
        await stack.publish(turn)
        assert (await reader.next("turn"))["text"] == "I would like"


async def test_the_stream_of_a_call_ends_with_it(stack: InProcess, tenant: TenantAccess) -> None:
    call_id, neighbour = await _running(stack, tenant), await _running(stack, tenant)
    async with _reading(stack, tenant.key, f"/v1/live/calls/{call_id}/events") as reader:
        assert [call["call_id"] for call in (await reader.next("calls"))["calls"]] == [call_id]
        for ended in (neighbour, call_id):
            await stack.publish(CallEnded(tenant_id=tenant.id, call_id=ended, reason="agent_ended", duration_ms=7))
        assert (await reader.next("ended"))["call_id"] == call_id
        assert (await reader.next("closed"))["reason"] == "call_ended"


async def test_an_end_told_before_the_stream_began_is_not_missed(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = await _running(stack, tenant)
    # Told while nobody listens; the records learn of it a moment later.
    await stack.publish(CallEnded(tenant_id=tenant.id, call_id=call_id, reason="agent_ended", duration_ms=7))
    async with _reading(stack, tenant.key, "/v1/live/events") as reader:
        calls = (await reader.next("calls"))["calls"]
        assert not calls or (await reader.next("ended"))["call_id"] == call_id


async def test_streams_need_a_call_that_runs_and_is_ones_own(stack: InProcess, tenant: TenantAccess) -> None:
    call_id, other = await _running(stack, tenant), await stack.tenant()
    assert (await other.http.get(f"/v1/live/calls/{call_id}/events")).status_code == 404
    assert (await (await stack.client()).get("/v1/live/events")).status_code == 401
    await stack.publish(CallEnded(tenant_id=tenant.id, call_id=call_id, reason="agent_ended", duration_ms=1))

    async def over() -> bool:
        return not (await tenant.http.get("/v1/live/calls")).json()["calls"]

    await until(over)
    assert (await tenant.http.get(f"/v1/live/calls/{call_id}/events")).status_code == 409


async def test_hints_and_ends_reach_the_process_that_has_the_call(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = await _running(stack, tenant)
    told: list[LiveCommand] = []
    answer = LiveCommandReply(ok=True)

    async def runtime(message: Any) -> None:
        told.append(LiveCommand.model_validate_json(message.data))
        await message.respond(answer.model_dump_json().encode())

    subscription = await stack.nats.client.subscribe(live_command_subject(tenant.id, call_id), cb=runtime)
    await stack.nats.client.flush()
    hint = await tenant.http.post(f"/v1/live/calls/{call_id}/hint", json={"text": " Offer ten percent. "})
    assert (hint.status_code, hint.json()) == (200, {"call_id": call_id, "ok": True})
    assert (await tenant.http.post(f"/v1/live/calls/{call_id}/end")).status_code == 200
    assert [(command.kind, command.text) for command in told] == [("hint", "Offer ten percent."), ("end", "")]
    noted = (await tenant.http.get("/v1/audit")).json()
    actions = [entry["action"] for entry in next(value for value in noted.values() if isinstance(value, list))]
    assert {"call.hinted", "call.ended_by_operator"} <= set(actions)
    answer = LiveCommandReply(ok=False, code="busy")
    assert (await tenant.http.post(f"/v1/live/calls/{call_id}/end")).json()["code"] == "busy"
    await subscription.unsubscribe()
    lost = await tenant.http.post(f"/v1/live/calls/{call_id}/hint", json={"text": "x"})
    assert (lost.status_code, lost.json()["code"]) == (503, "call_not_reached")


async def test_who_may_tell_a_call_something(stack: InProcess, tenant: TenantAccess) -> None:
    call_id, other = await _running(stack, tenant), await stack.tenant()
    assert (await other.http.post(f"/v1/live/calls/{call_id}/hint", json={"text": "x"})).status_code == 404
    assert (await other.http.post(f"/v1/live/calls/{call_id}/end")).status_code == 404
    key = (await tenant.http.post("/v1/api-keys", json={"scopes": ["read"]})).json()["api_key"]
    viewer = await stack.client(x_api_key=key)
    assert (await viewer.post(f"/v1/live/calls/{call_id}/hint", json={"text": "x"})).status_code == 403
    assert (await viewer.post(f"/v1/live/calls/{call_id}/end")).status_code == 403
    assert (await viewer.get("/v1/live/calls")).status_code == 200
    for text in ("", "  ", "x" * 1001):
        assert (await tenant.http.post(f"/v1/live/calls/{call_id}/hint", json={"text": text})).status_code == 422


async def test_a_reader_is_looked_up_anew_while_the_stream_runs(stack: InProcess, tenant: TenantAccess) -> None:
    made = (await tenant.http.post("/v1/api-keys", json={"scopes": ["read"]})).json()
    request = Request({"type": "http", "method": "GET", "headers": [(b"x-api-key", made["api_key"].encode())], "app": stack.app})
    assert (await caller_again(request)).tenant_id == tenant.id
    assert (await tenant.http.delete(f"/v1/api-keys/{made['id']}")).status_code == 204
    with pytest.raises(Unauthorized):
        await caller_again(request)
