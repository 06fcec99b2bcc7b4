"""Proves D4 D6: recorded conversations become tests of an agent, run against the draft, and can block a deploy; turns are said again."""

import base64
import json
import secrets
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from callstage_contracts.events import CallEnded, CallJournaled, CallStarted
from control_api.in_process import InProcess, TenantAccess, in_process, until
from control_api.settings import ControlApiSettings
from fake_replays import FakeReplays, difference, serving

pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own

AGENT = {"agent_id": "shop", "display_name": "Mia", "tools": ["end_call"], "test_caller_phone": "+15550001111"}


@pytest.fixture
def replays() -> FakeReplays:
    return FakeReplays()  # pyright: ignore[reportAbstractUsage]


@pytest.fixture
async def stack(make_settings: Callable[..., ControlApiSettings], replays: FakeReplays) -> AsyncIterator[InProcess]:
    async with serving(replays) as port, in_process(make_settings(runtime_target=f"127.0.0.1:{port}")) as running:
        yield running


@pytest.fixture
async def shop(tenant: TenantAccess) -> TenantAccess:
    assert (await tenant.http.post("/v1/agents", json=AGENT)).status_code == 201
    return tenant


async def _recorded_call(stack: InProcess, tenant: TenantAccess, *, session_id: str = "s1", journal: bool = True) -> str:
    call_id = secrets.token_hex(8)
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id}
    body = base64.b64encode(zlib.compress(json.dumps({"call": call_id}).encode())).decode()
    await stack.publish(
        CallStarted(**at, session_id=session_id, agent_id="shop", deployment=1, channel="browser"),
        *([CallJournaled(**at, journal=body)] if journal else []),
        CallEnded(**at, reason="agent_ended", duration_ms=1000),
    )

    async def applied() -> bool:
        reply = await tenant.http.get(f"/v1/calls/{call_id}")
        if reply.status_code != 200 or not reply.json()["ended_at"] or not reply.json()["agent_id"]:
            return False
        parts = (await tenant.http.get(f"/v1/calls/{call_id}/journal")).json()["parts"]
        return len(parts) == int(journal)

    await until(applied)
    return call_id


async def test_a_recorded_call_becomes_a_test(stack: InProcess, shop: TenantAccess, replays: FakeReplays) -> None:
    call_id = await _recorded_call(stack, shop)
    made = await shop.http.post("/v1/agents/shop/tests", json={"name": "Buys a rose", "from_call_id": call_id, "is_anonymous": True})
    assert made.status_code == 201, made.text
    test = made.json()
    assert (test["source"], test["call_id"], test["stages"], test["last_passed"]) == ("call", call_id, ["pay"], None)
    sent = replays.prepared[0]
    assert json.loads(zlib.decompress(sent.recording)) == {"parts": [{"call": call_id}]}
    assert (sent.is_anonymous, sent.tenant_id, sent.first_stage) == (True, shop.id, "main")
    detail = (await shop.http.get(f"/v1/agents/shop/tests/{test['id']}")).json()
    assert (detail["history"][0]["text"], detail["last_result"]) == ("A rose.", None)
    assert [row["name"] for row in (await shop.http.get("/v1/agents/shop/tests")).json()["tests"]] == ["Buys a rose"]
    assert (await shop.http.delete(f"/v1/agents/shop/tests/{test['id']}")).status_code == 204
    assert (await shop.http.get(f"/v1/agents/shop/tests/{test['id']}")).status_code == 404


async def test_a_run_tells_ways_from_words_and_is_kept(shop: TenantAccess, replays: FakeReplays) -> None:
    steps = [{"kind": "says", "text": "A rose."}, {"kind": "calls", "tool": "buy"}, {"kind": "ends"}]
    test = (await shop.http.post("/v1/agents/shop/tests", json={"name": "By hand", "steps": steps})).json()
    sent = json.loads(zlib.decompress(replays.prepared[0].recording))
    assert [step["kind"] for step in sent["steps"]] == ["says", "calls", "ends"]
    replays.differences = [difference("words"), difference("prompt"), difference("timing")]
    ran = (await shop.http.post("/v1/agents/shop/tests/run")).json()
    assert (ran["passed"], ran["failed"], ran["results"][0]["differences_total"]) == (1, 0, 3)
    snapshot = json.loads(replays.replayed[0].snapshot_json)
    assert (snapshot["deployment"], snapshot["settings"]["display_name"]) == (0, "Mia"), "the draft, not what is live"
    replays.differences = [difference("stage")]
    ran = (await shop.http.post("/v1/agents/shop/tests/run", json={"test_ids": [test["id"]]})).json()
    assert (ran["passed"], ran["failed"]) == (0, 1)
    detail = (await shop.http.get(f"/v1/agents/shop/tests/{test['id']}")).json()
    assert (detail["last_passed"], detail["last_result"]["differences"][0]["draft"]) == (False, "wrap")
    assert (await shop.http.post("/v1/agents/shop/tests/run", json={"test_ids": ["test_other"]})).status_code == 404


async def test_a_test_that_was_written_by_hand_is_read_and_written_again(stack: InProcess, shop: TenantAccess, replays: FakeReplays) -> None:
    steps = [{"kind": "says", "text": "A rose."}, {"kind": "calls", "tool": "buy", "arguments": {"n": 1}, "status": "failed"}]
    made = (await shop.http.post("/v1/agents/shop/tests", json={"name": "By hand", "steps": steps})).json()
    path = f"/v1/agents/shop/tests/{made['id']}"
    kept = (await shop.http.get(path)).json()["steps"]
    assert kept == [steps[0], {**steps[1], "result": {}}]
    await shop.http.post("/v1/agents/shop/tests/run")
    renamed = (await shop.http.patch(path, json={"name": "Buys"})).json()
    assert (renamed["name"], renamed["steps"], renamed["last_passed"]) == ("Buys", kept, True)
    changed = (await shop.http.patch(path, json={"steps": [{"kind": "stage", "stage": "pay"}]})).json()
    assert (changed["name"], changed["steps"]) == ("Buys", [{"kind": "stage", "stage": "pay"}])
    assert (changed["last_run_at"], changed["last_result"]) == (None, None), "it was found of other steps"
    assert json.loads(zlib.decompress(replays.prepared[-1].recording))["steps"] == changed["steps"]
    nameless_tool = [{"kind": "says", "text": "Hi"}, {"kind": "calls", "tool": ""}]
    for body, field, message in (
        ({"steps": []}, "steps", "at least 1 item"),
        ({"steps": nameless_tool}, "steps.1.calls.tool", "must not be empty"),
        ({"name": ""}, "name", "must not be empty"),
    ):
        refused = await shop.http.patch(path, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), body
        assert message in refused.json()["errors"][0]["message"]
    spoken = (await shop.http.post("/v1/agents/shop/tests", json={"name": "x", "from_call_id": await _recorded_call(stack, shop)})).json()
    assert (await shop.http.get(f"/v1/agents/shop/tests/{spoken['id']}")).json()["steps"] is None
    refused = await shop.http.patch(f"/v1/agents/shop/tests/{spoken['id']}", json={"steps": steps})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "steps")
    assert (await shop.http.patch(f"/v1/agents/shop/tests/{spoken['id']}", json={"name": "y"})).json()["name"] == "y"
    other = await stack.tenant()
    await other.http.post("/v1/agents", json=AGENT)
    assert (await other.http.patch(path, json={"name": "stolen"})).status_code == 404


async def test_a_deploy_that_asks_for_its_tests_is_blocked_by_them(shop: TenantAccess, replays: FakeReplays) -> None:
    await shop.http.post("/v1/agents/shop/tests", json={"name": "By hand", "steps": [{"kind": "stage", "stage": "pay"}]})
    replays.differences = [difference("stage")]
    blocked = await shop.http.post("/v1/agents/shop/deploy", json={"require_tests": True})
    assert (blocked.status_code, blocked.json()["code"]) == (422, "deploy_blocked")
    (finding,) = [finding for finding in blocked.json()["findings"] if finding["severity"] == "error"]
    assert finding["code"] == "test_failed"
    assert "By hand" in finding["message"]
    assert finding["hint"]
    replays.differences, replays.refusal = [], grpc.StatusCode.INVALID_ARGUMENT
    assert (await shop.http.post("/v1/agents/shop/deploy", json={"require_tests": True})).status_code == 422, "a test that cannot run has not passed"
    replays.refusal = None
    assert (await shop.http.post("/v1/agents/shop/deploy", json={"require_tests": True})).json()["deployment"] == 1
    replays.differences = [difference("stage")]
    assert (await shop.http.post("/v1/agents/shop/deploy")).json()["deployment"] == 2, "who does not ask is not held up"


async def test_a_session_becomes_a_test_with_what_is_known_of_it(stack: InProcess, shop: TenantAccess, replays: FakeReplays) -> None:
    first = await _recorded_call(stack, shop, session_id="s-two")
    second = await _recorded_call(stack, shop, session_id="s-two")
    made = await shop.http.post("/v1/agents/shop/tests", json={"name": "Both", "from_session_id": "s-two"})
    assert (made.status_code, made.json()["source"]) == (201, "session")
    assert {part["call"] for part in json.loads(zlib.decompress(replays.prepared[0].recording))["parts"]} == {first, second}
    await _recorded_call(stack, shop, session_id="s-chat", journal=False)
    await shop.http.post("/v1/agents/shop/tests", json={"name": "Chat", "from_session_id": "s-chat"})
    assert (replays.prepared[1].recording, replays.prepared[1].session_id) == (b"", "s-chat")


async def test_what_cannot_become_a_test(stack: InProcess, shop: TenantAccess) -> None:
    silent = await _recorded_call(stack, shop, journal=False)
    post = shop.http.post
    assert (await post("/v1/agents/shop/tests", json={"name": "x", "from_call_id": silent})).json()["code"] == "not_recorded"
    assert (await post("/v1/agents/shop/tests", json={"name": "x", "from_call_id": "unknown"})).status_code == 404
    for body in (
        {"name": "x"},
        {"name": "x", "from_call_id": silent, "steps": [{"kind": "ends"}]},
        {"name": "x", "steps": []},
        {"name": "", "steps": [{"kind": "ends"}]},
        {"name": "x", "steps": [{"kind": "flies"}]},
    ):
        assert (await post("/v1/agents/shop/tests", json=body)).status_code == 422, body
    other = await stack.tenant()
    await other.http.post("/v1/agents", json=AGENT)
    call_id = await _recorded_call(stack, shop)
    assert (await other.http.post("/v1/agents/shop/tests", json={"name": "x", "from_call_id": call_id})).status_code == 404


async def test_a_test_session_pretends_to_be_any_caller(stack: InProcess, shop: TenantAccess) -> None:
    asked = {"caller_phone": "+4930111222", "variables": {"plan": "gold", "age": 4}, "sender_email": "ada@example.com", "mode": "chat"}
    session = (await shop.http.post("/v1/agents/shop/test-session", json=asked)).json()
    assert (session["mode"], session["session_id"], session["forked"]) == ("chat", None, None)
    claims = stack.settings.token_signer.verify("ws", session["token"])
    assert (claims["caller_phone"], claims["variables"], claims["test"]) == ("+4930111222", {"plan": "gold", "age": 4}, True)
    long = {"x": "y" * 4000}
    for wrong in (
        {"caller_phone": "123"},
        {"mode": "fax"},
        {"variables": {"x": [1]}},
        {"variables": long},
        {"resume": {"session_id": "s", "turn": -1}},
    ):
        assert (await shop.http.post("/v1/agents/shop/test-session", json=wrong)).status_code == 422, wrong
    plain = (await shop.http.post("/v1/agents/shop/test-session")).json()
    assert stack.settings.token_signer.verify("ws", plain["token"])["caller_phone"] == "+15550001111"


async def test_an_earlier_turn_is_said_again_in_a_forked_session(stack: InProcess, shop: TenantAccess, replays: FakeReplays) -> None:
    session = (await shop.http.post("/v1/agents/shop/test-session", json={"resume": {"session_id": "s1", "turn": 2}})).json()
    assert (session["session_id"], session["forked"]["stage"], session["forked"]["replaced_text"]) == ("ses_fork", "main", "A rose.")
    assert session["forked"]["history"] == [{"role": "assistant", "text": "Hello."}]
    assert (replays.forked[0].tenant_id, replays.forked[0].agent_id, replays.forked[0].user_turn) == (shop.id, "shop", 2)
    claims = stack.settings.token_signer.verify("ws", session["token"])
    assert claims["caller_phone"] == "+15550002222", "the caller of the conversation that goes on"
    assert (await shop.http.post("/v1/agents/shop/test-session", json={"resume": {"session_id": "unknown", "turn": 0}})).status_code == 404


async def test_a_viewer_looks_and_changes_nothing(stack: InProcess, shop: TenantAccess) -> None:
    key = (await shop.http.post("/v1/api-keys", json={"scopes": ["read"]})).json()["api_key"]
    viewer = await stack.client(x_api_key=key)
    assert (await viewer.get("/v1/agents/shop/tests")).status_code == 200
    for method, path in (("POST", "tests"), ("POST", "tests/run"), ("PATCH", "tests/test_x"), ("DELETE", "tests/test_x"), ("POST", "test-session")):
        assert (await viewer.request(method, f"/v1/agents/shop/{path}", json={"name": "x", "steps": [{"kind": "ends"}]})).status_code == 403, path
