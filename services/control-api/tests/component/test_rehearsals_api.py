"""Proves D6 A6: a draft is rehearsed with recent calls whose callers knew of the recording; what goes otherwise is told, and can block a deploy."""

import asyncio
import base64
import json
import secrets
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from callstage_contracts.events import CallEnded, CallJournaled, CallStarted, RecordingReady
from callstage_contracts.pb.runtime.v1 import replay_pb2 as pb
from callstage_domain.errors import CallerError, NotFound
from callstage_kit.grpc.channel import open_channel
from control_api.access.caller import Caller
from control_api.features.agent_tests.runtime import ReplayClient
from control_api.features.agent_tests.service import joined
from control_api.features.rehearsals.service import RehearsalService
from control_api.in_process import InProcess, TenantAccess, in_process, until
from control_api.settings import ControlApiSettings
from fake_replays import FakeReplays, difference, serving

pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own

AGENT = {"agent_id": "shop", "display_name": "Mia", "tools": ["end_call"], "recording": True, "disclosure": True}
CALLER = "+12025550161"


class Rehearsing(FakeReplays):
    """Has an answer of its own for some calls."""

    def __init__(self) -> None:
        super().__init__()
        self.of_call: dict[str, list[pb.ReplayDifference]] = {}
        self.broken: set[str] = set()
        self.delay_s = 0.0
        self.is_busy = False

    async def ReplayRecording(self, request: pb.ReplayRecordingRequest, context: Any) -> pb.ReplayRecordingReply:  # noqa: N802
        call_id = json.loads(zlib.decompress(request.recording))["parts"][0]["call"]
        self.is_busy = True
        await asyncio.sleep(self.delay_s)
        self.differences = self.of_call.get(call_id, [])
        self.refusal = grpc.StatusCode.INVALID_ARGUMENT if call_id in self.broken else None
        return await super().ReplayRecording(request, context)


@pytest.fixture
def replays() -> Rehearsing:
    return Rehearsing()  # pyright: ignore[reportAbstractUsage]


@pytest.fixture
async def replay_port(replays: Rehearsing) -> AsyncIterator[int]:
    async with serving(replays) as port:
        yield port


@pytest.fixture
async def stack(make_settings: Callable[..., ControlApiSettings], replay_port: int) -> AsyncIterator[InProcess]:
    async with in_process(make_settings(runtime_target=f"127.0.0.1:{replay_port}")) as running:
        yield running


@pytest.fixture
async def shop(tenant: TenantAccess) -> TenantAccess:
    """An agent that is live as deployment 1."""
    assert (await tenant.http.post("/v1/agents", json=AGENT)).status_code == 201
    assert (await tenant.http.post("/v1/agents/shop/deploy")).status_code == 200
    return tenant


async def _call(
    stack: InProcess, tenant: TenantAccess, *, ago_s: float = 0, journal: bool = True, recording: bool = True, is_over: bool = True, **more: Any
) -> str:
    """A call as the data plane tells it; its id."""
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": secrets.token_hex(8), "occurred_at": datetime.now(UTC) - timedelta(seconds=ago_s)}
    started: dict[str, Any] = {"session_id": "s", "agent_id": "shop", "deployment": 1, "channel": "twilio", "caller_phone": CALLER, **more}
    body = base64.b64encode(zlib.compress(json.dumps({"call": at["call_id"]}).encode())).decode()
    await stack.publish(
        CallStarted(**at, **started),
        *([CallJournaled(**at, journal=body)] if journal else []),
        *([RecordingReady(**at, part="p", rate_hz=8000, first_frame=0, frames=10, size_bytes=900)] if recording else []),
        *([CallEnded(**at, reason="agent_ended", duration_ms=1000)] if is_over else []),
    )

    async def applied() -> bool:
        reply = await tenant.http.get(f"/v1/calls/{at['call_id']}")
        if reply.status_code != 200:
            return False
        seen = reply.json()
        parts = (await tenant.http.get(f"/v1/calls/{at['call_id']}/journal")).json()["parts"]
        return (seen["agent_id"], bool(seen["ended_at"]), bool(seen["recording"]), len(parts)) == ("shop", is_over, recording, int(journal))

    await until(applied)
    return at["call_id"]


async def _rehearse(tenant: TenantAccess, **ask: Any) -> dict[str, Any]:
    reply = await tenant.http.post("/v1/agents/shop/rehearse", json=ask)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_the_newest_calls_are_held_against_the_draft(stack: InProcess, shop: TenantAccess, replays: Rehearsing) -> None:
    first, second, third = [await _call(stack, shop) for _ in range(3)]
    replays.of_call = {third: [difference("stage"), difference("words")], second: [difference("words")]}
    await shop.http.patch("/v1/agents/shop", json={"display_name": "Leo"})
    found = await _rehearse(shop)
    assert [(call["call_id"], call["verdict"]) for call in found["calls"]] == [(third, "otherwise"), (second, "same_way"), (first, "same_way")]
    assert (found["same_way"], found["otherwise"], found["not_rehearsed"], found["not_used"]) == (2, 1, 0, 0)
    call = found["calls"][0]
    assert (call["caller_phone"], call["deployment"], call["decisions"], call["differences_total"]) == (CALLER, 1, 5, 2)
    assert [(item["kind"], item["recorded"], item["draft"]) for item in call["differences"]] == [("stage", "pay", "wrap"), ("words", "pay", "wrap")]
    assert json.loads(replays.replayed[0].snapshot_json)["settings"]["display_name"] == "Leo", "the draft, not what is live"
    assert [call["call_id"] for call in (await _rehearse(shop, last=2))["calls"]] == [third, second]
    assert (await shop.http.get("/v1/agents/shop/tests")).json()["tests"] == [], "nothing is kept"


async def test_only_calls_whose_callers_knew_are_used(stack: InProcess, shop: TenantAccess, replays: Rehearsing) -> None:
    used = await _call(stack, shop)
    deleted = await _call(stack, shop)
    await _call(stack, shop, recording=False)
    await _call(stack, shop, is_test=True)
    await _call(stack, shop, is_over=False)
    await _call(stack, shop, ago_s=3600)
    assert (await shop.http.delete(f"/v1/calls/{deleted}/recording")).status_code == 204
    await shop.http.patch("/v1/agents/shop", json={"disclosure": False})
    await shop.http.post("/v1/agents/shop/deploy")
    await _call(stack, shop, deployment=2)
    found = await _rehearse(shop)
    assert [call["call_id"] for call in found["calls"]] == [used]
    assert found["not_used"] == 4, "not told, not recorded, deleted again, of an agent that was there before; tests and what still runs do not count"
    assert len(replays.replayed) == 1


async def test_what_cannot_be_rehearsed_says_why(stack: InProcess, shop: TenantAccess, replays: Rehearsing, replay_port: int) -> None:
    broken, silent = await _call(stack, shop), await _call(stack, shop, journal=False)
    replays.broken = {broken}
    found = await _rehearse(shop)
    assert [(call["call_id"], call["verdict"], call["reason"]) for call in found["calls"]] == [
        (silent, "not_rehearsed", "not_recorded"),
        (broken, "not_rehearsed", "unreadable"),
    ]
    assert "keep_journal" in found["calls"][0]["detail"]
    assert found["calls"][1]["detail"] == "the recording is damaged"
    with pytest.raises(CallerError, match="damaged"):
        joined([b"no zlib"])
    blocked = await shop.http.post("/v1/agents/shop/deploy", json={"rehearse_last": 5})
    assert (blocked.status_code, _errors(blocked.json())) == (422, ["no_calls_rehearsed"]), "nothing was rehearsed"
    replays.broken = set()
    deployed = await shop.http.post("/v1/agents/shop/deploy", json={"rehearse_last": 5})
    assert deployed.status_code == 200, "one is as recorded, the other one cannot be"
    assert [(item["severity"], item["call_id"]) for item in deployed.json()["findings"] if item["code"] == "call_not_rehearsed"] == [
        ("warning", silent)
    ]
    replays.delay_s = 0.3
    async with open_channel(f"127.0.0.1:{replay_port}") as channel:
        service = RehearsalService(stack.database, ReplayClient(channel), time_s=0.1)
        caller = Caller(tenant_id=shop.id, kind="api_key", id="k", name="k", role="editor")
        late = await service.rehearse(caller, "shop", 10)
        assert {call.reason for call in late.calls} == {"not_recorded", "out_of_time"}
        with pytest.raises(NotFound):
            await service.rehearse(caller, "nobody", 10)


async def test_a_deploy_that_asks_for_recent_calls_is_blocked_by_them(stack: InProcess, shop: TenantAccess, replays: Rehearsing) -> None:
    asked = {"rehearse_last": 10}
    none = await shop.http.post("/v1/agents/shop/deploy", json=asked)
    assert (none.status_code, _errors(none.json())) == (422, ["no_calls_rehearsed"])
    assert "no calls yet" in none.json()["detail"]
    call_id = await _call(stack, shop)
    replays.of_call = {call_id: [difference("outcome")]}
    blocked = await shop.http.post("/v1/agents/shop/deploy", json=asked)
    assert (blocked.status_code, blocked.json()["code"], _errors(blocked.json())) == (422, "deploy_blocked", ["call_goes_otherwise"])
    (finding,) = [item for item in blocked.json()["findings"] if item["severity"] == "error"]
    assert (finding["call_id"], bool(finding["hint"])) == (call_id, True)
    assert CALLER not in blocked.text
    assert (await shop.http.get("/v1/agents/shop")).json()["agent"]["deployment"] == 1
    assert (await shop.http.post("/v1/agents/shop/deploy")).json()["deployment"] == 2, "who does not ask is not held up"
    replays.of_call = {call_id: [difference("words")]}
    assert (await shop.http.post("/v1/agents/shop/deploy", json=asked)).json()["deployment"] == 3


async def test_tests_that_are_not_there_do_not_pass(shop: TenantAccess) -> None:
    blocked = await shop.http.post("/v1/agents/shop/deploy", json={"require_tests": True})
    assert (blocked.status_code, _errors(blocked.json())) == (422, ["no_tests"])


async def test_a_draft_that_changes_meanwhile_is_not_deployed(stack: InProcess, shop: TenantAccess, replays: Rehearsing) -> None:
    await _call(stack, shop)
    replays.delay_s = 0.3
    async with asyncio.TaskGroup() as work:
        deploy = work.create_task(shop.http.post("/v1/agents/shop/deploy", json={"rehearse_last": 1}))
        await until(lambda: _is_asked(replays))
        await shop.http.patch("/v1/agents/shop", json={"display_name": "Leo"})
    assert (deploy.result().status_code, deploy.result().json()["code"]) == (409, "draft_changed")


async def test_progress_is_streamed(stack: InProcess, shop: TenantAccess, replays: Rehearsing) -> None:
    call_id = await _call(stack, shop)
    streamed = await shop.http.post("/v1/agents/shop/rehearse", headers={"accept": "text/event-stream"})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    events = [(event, json.loads(data)) for event, data in (_parts(block) for block in streamed.text.strip().split("\n\n"))]
    assert [event for event, _ in events] == ["begun", "call", "done"]
    assert (events[0][1]["calls"], events[1][1]["call"]["call_id"], events[2][1]["result"]["same_way"]) == (1, call_id, 1)


async def test_without_a_runtime(make_settings: Callable[..., ControlApiSettings]) -> None:
    async with in_process(make_settings()) as stack:
        tenant = await stack.tenant()
        await tenant.http.post("/v1/agents", json=AGENT)
        await tenant.http.post("/v1/agents/shop/deploy")
        await _call(stack, tenant)
        assert (await tenant.http.post("/v1/agents/shop/rehearse")).status_code == 503
        streamed = await tenant.http.post("/v1/agents/shop/rehearse", headers={"accept": "text/event-stream"})
        event, data = _parts(streamed.text.strip().split("\n\n")[-1])
        assert (event, bool(json.loads(data)["text"])) == ("error", True)
        assert (await tenant.http.post("/v1/agents/shop/deploy", json={"rehearse_last": 3})).status_code == 503


async def test_strangers_and_viewers_rehearse_nothing(stack: InProcess, shop: TenantAccess, replays: Rehearsing) -> None:
    await _call(stack, shop)
    key = (await shop.http.post("/v1/api-keys", json={"scopes": ["read"]})).json()["api_key"]
    viewer = await stack.client(x_api_key=key)
    assert (await viewer.post("/v1/agents/shop/rehearse")).status_code == 403
    other = await stack.tenant()
    assert (await other.http.post("/v1/agents/shop/rehearse")).status_code == 404
    await other.http.post("/v1/agents", json=AGENT)
    await other.http.post("/v1/agents/shop/deploy")
    assert (await _rehearse(other))["calls"] == []
    assert replays.replayed == []
    for last in (0, 26, "ten"):
        refused = await shop.http.post("/v1/agents/shop/rehearse", json={"last": last})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "last")
    assert (await shop.http.post("/v1/agents/shop/deploy", json={"rehearse_last": 0})).status_code == 422


async def _is_asked(replays: Rehearsing) -> bool:
    return replays.is_busy


def _errors(problem: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in problem["findings"] if finding["severity"] == "error"]


def _parts(block: str) -> tuple[str, str]:
    event, data = block.split("\n", 1)
    return event.removeprefix("event: "), data.removeprefix("data: ")
