"""Proves RE3 AC3 AC5 AC6 T7: integrators are told of events once, signed, again after failures, and by one process at a time."""

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from callstage_contracts.events import CallEnded, CallStarted, TurnCompleted, VoicemailLeft
from callstage_kit.egress import EgressClient
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import all_of
from callstage_testing.fakes.crm import CrmAnswer, FakeCrm
from callstage_testing.fakes.exchange import Exchange
from control_api.consumers.reaper import CallReaper
from control_api.db.call_tables import CallRow
from control_api.db.tables import now
from control_api.db.webhook_tables import WebhookDeliveryRow, WebhookEndpointRow
from control_api.features.webhook_endpoints import schedule
from control_api.features.webhook_endpoints.sending import WebhookSender
from control_api.features.webhook_endpoints.signature import signature
from control_api.features.webhook_endpoints.worker import WebhookWorker
from control_api.in_process import InProcess, TenantAccess, until
from sqlalchemy import update

PATH = "/v1/webhook-endpoints"
WAIT_S = 30.0


@pytest.fixture
async def receiver() -> AsyncIterator[FakeCrm]:
    async with FakeCrm() as crm:
        yield crm


@dataclass(frozen=True, slots=True)
class Hook:
    """An endpoint of a tenant, and its receiver."""

    stack: InProcess
    tenant: TenantAccess
    receiver: FakeCrm
    id: str
    secret: str

    @property
    def address(self) -> str:
        return f"{PATH}/{self.id}"

    async def call_starts(self) -> CallStarted:
        event = CallStarted(tenant_id=self.tenant.id, call_id=secrets.token_hex(8), session_id="s", agent_id="a", deployment=1, channel="twilio")
        await self.stack.publish(event)
        return event

    async def view(self) -> dict[str, Any]:
        return (await self.tenant.http.get(self.address)).json()

    async def deliveries(self, **query: str) -> list[dict[str, Any]]:
        return (await self.tenant.http.get(f"{self.address}/deliveries", params=query)).json()["deliveries"]

    async def settled(self, status: str, *, attempts: int = 1, count: int = 1) -> list[dict[str, Any]]:
        """The deliveries, once `count` have this status after that many attempts whose answers were noted."""

        async def ask() -> list[dict[str, Any]]:
            found = await self.deliveries()
            fit = [item for item in found if item["status"] == status and item["attempts"] == attempts and (item["response_status"] or item["error"])]
            return found if len(fit) == count else []

        return await until(ask, timeout_s=WAIT_S)

    async def due_now(self, **values: Any) -> None:
        """What waits is due."""
        async with self.stack.database.session() as session:
            mine = WebhookDeliveryRow.endpoint_id == self.id
            await session.execute(update(WebhookDeliveryRow).where(mine).values(next_attempt_at=now(), response_status=None, error=None, **values))
            await session.commit()

    async def change(self, **values: Any) -> None:
        async with self.stack.database.session() as session:
            await session.execute(update(WebhookEndpointRow).where(WebhookEndpointRow.id == self.id).values(**values))
            await session.commit()


async def hook_of(stack: InProcess, tenant: TenantAccess, receiver: FakeCrm, *types: str) -> Hook:
    made = await tenant.http.post(PATH, json={"url": receiver.url, "event_types": list(types or ["call.started"]), "description": "CRM"})
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    return Hook(stack, tenant, receiver, made.json()["id"], made.json()["secret"])


@pytest.fixture
async def hook(stack: InProcess, tenant: TenantAccess, receiver: FakeCrm) -> Hook:
    return await hook_of(stack, tenant, receiver)


def signatures(exchange: Exchange) -> list[str]:
    return exchange.headers["webhook-signature"].split(" ")


def signed(exchange: Exchange, secret: str) -> str:
    return signature(secret, exchange.headers["webhook-id"], int(exchange.headers["webhook-timestamp"]), exchange.body)


async def test_an_event_is_delivered_once_with_a_valid_signature(hook: Hook) -> None:
    event = await hook.call_starts()
    await hook.stack.publish(event.model_copy(update={"occurred_at": now()}))
    delivery = (await hook.settled("delivered"))[0]
    sent = hook.receiver.requests[0]
    assert signatures(sent) == [signed(sent, hook.secret)]
    assert (sent.headers["webhook-id"], delivery["id"], sent.headers["content-type"]) == (f"msg_{event.id}", f"msg_{event.id}", "application/json")
    assert (sent.json["type"], sent.json["data"]["call"]["call_id"], sent.json["data"]["call"]["agent_id"]) == ("call.started", event.call_id, "a")
    assert (delivery["request_body"].encode(), delivery["response_status"], delivery["next_attempt_at"]) == (sent.body, 200, None)
    assert "saved" in delivery["response"]
    await hook.call_starts()
    await hook.settled("delivered", count=2)
    assert len(hook.receiver.requests) == 2
    view = await hook.view()
    assert view["last_delivered_at"]
    assert "secret" not in view


async def test_the_end_of_a_call_and_its_transcript(stack: InProcess, tenant: TenantAccess, receiver: FakeCrm) -> None:
    hook = await hook_of(stack, tenant, receiver, "call.ended", "transcript.ready", "voicemail.new", "deployment.activated")
    about: dict[str, Any] = {"tenant_id": tenant.id, "call_id": secrets.token_hex(8)}
    await stack.publish(
        CallEnded(**about, reason="agent_ended", duration_ms=900),
        VoicemailLeft(**about, voicemail_id=f"vm-{about['call_id']}", agent_id="a", text="Call me", duration_ms=1),
        TurnCompleted(**about, session_id="s", turn=0, role="user", text="Two pizzas", stage="order"),
    )
    await tenant.http.post("/v1/agents", json={"agent_id": "shop", "display_name": "S", "tools": ["end_call"]})
    assert (await tenant.http.post("/v1/agents/shop/deploy")).status_code == 200
    await hook.settled("delivered", count=4)
    data = {exchange.json["type"]: exchange.json["data"] for exchange in receiver.requests}
    assert (data["call.ended"]["call"]["ended_reason"], "transcript" in data["call.ended"]) == ("agent_ended", False)
    assert [line["text"] for line in data["transcript.ready"]["transcript"]] == ["Two pizzas"]
    assert data["voicemail.new"]["voicemail"]["transcript"] == "Call me"
    assert (data["deployment.activated"]["agent_id"], data["deployment.activated"]["deployment"]) == ("shop", 1)


async def test_a_lost_call_ends_too_and_old_deliveries_go(stack: InProcess, tenant: TenantAccess, receiver: FakeCrm) -> None:
    hook = await hook_of(stack, tenant, receiver, "call.started", "call.ended")
    event = await hook.call_starts()
    await hook.settled("delivered")
    async with stack.database.session() as session:
        await session.execute(update(CallRow).where(CallRow.call_id == event.call_id).values(last_event_at=now() - timedelta(days=1)))
        await session.commit()
    reaper = CallReaper(stack.database, interval_s=60)
    await reaper.reap()
    await hook.settled("delivered", count=2)
    assert receiver.requests[-1].json["data"]["call"]["ended_reason"] == "gateway_lost"
    async with stack.database.session() as session:
        old = WebhookDeliveryRow.message_id == f"msg_{event.id}"
        await session.execute(update(WebhookDeliveryRow).where(old).values(created_at=now() - timedelta(days=31)))
        await session.commit()
    await reaper.reap()
    assert [item["type"] for item in await hook.deliveries()] == ["call.ended"]


async def test_a_failure_is_tried_again_with_the_same_id_and_body(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "RETRY_WAITS_S", (3600.0, 3600.0))
    hook.receiver.on("", CrmAnswer(status=500), CrmAnswer(status=500, raw=b"busy\0" + b"x" * 4000), CrmAnswer())
    await hook.call_starts()
    first = (await hook.settled("pending"))[0]
    assert (first["response_status"], (await hook.view())["failing_since"] is None) == (500, False)
    await hook.due_now()
    second = (await hook.settled("pending", attempts=2))[0]
    assert second["response"].startswith("busy\ufffd")
    assert len(second["response"]) <= 2048
    await hook.due_now()
    await hook.settled("delivered", attempts=3)
    assert len({(exchange.headers["webhook-id"], exchange.body) for exchange in hook.receiver.requests}) == 1
    assert (len(hook.receiver.requests), (await hook.view())["failing_since"]) == (3, None)


async def test_410_switches_the_endpoint_off(hook: Hook) -> None:
    hook.receiver.on("", CrmAnswer(status=410), CrmAnswer())
    await hook.call_starts()
    delivery = (await hook.settled("failed"))[0]
    view = await hook.view()
    assert (view["is_active"], view["disabled_reason"], delivery["response_status"]) == (False, "gone", 410)
    assert (await hook.tenant.http.post(f"{hook.address}/deliveries/{delivery['id']}/redeliver")).status_code == 409
    entries = (await hook.tenant.http.get("/v1/audit", params={"entity": "webhook_endpoint"})).json()["entries"]
    assert ("webhook_endpoint.disabled", "system") in [(entry["action"], entry["actor_kind"]) for entry in entries]
    assert (await hook.tenant.http.patch(hook.address, json={"is_active": True})).json()["disabled_reason"] is None
    again = await hook.tenant.http.post(f"{hook.address}/deliveries/{delivery['id']}/redeliver")
    assert (again.status_code, again.json()["status"]) == (200, "pending")
    await hook.settled("delivered")
    assert len({exchange.headers["webhook-id"] for exchange in hook.receiver.requests}) == 1


async def test_five_days_of_failures_switch_it_off_and_what_waits_is_not_sent(hook: Hook) -> None:
    hook.receiver.on("", CrmAnswer(status=503))
    await hook.change(failing_since=now() - schedule.GIVE_UP_AFTER)
    await hook.call_starts()
    await hook.settled("failed")
    assert (await hook.view())["disabled_reason"] == "failing"
    await hook.due_now(status="pending")
    left = (await hook.settled("failed"))[0]
    assert (left["error"], len(hook.receiver.requests)) == ("the endpoint was switched off", 1)
    await hook.call_starts()
    assert len(await hook.deliveries()) == 1


async def test_after_a_rotation_both_secrets_sign_for_a_day(hook: Hook) -> None:
    rotated = (await hook.tenant.http.post(f"{hook.address}/rotate-secret")).json()
    assert (await hook.view())["previous_expires_at"] == rotated["previous_expires_at"]
    await hook.tenant.http.post(f"{hook.address}/test")
    sent = hook.receiver.requests[-1]
    assert signatures(sent) == [signed(sent, rotated["secret"]), signed(sent, hook.secret)]
    await hook.change(previous_expires_at=now() - timedelta(seconds=1))
    await hook.tenant.http.post(f"{hook.address}/test")
    sent = hook.receiver.requests[-1]
    assert signatures(sent) == [signed(sent, rotated["secret"])]


async def test_the_test_button_shows_the_answer(hook: Hook) -> None:
    reply = await hook.tenant.http.post(f"{hook.address}/test", json={"type": "transcript.ready"})
    tested = reply.json()
    assert (tested["is_delivered"], tested["status"], tested["type"]) == (True, 200, "transcript.ready")
    assert json.loads(tested["request_body"])["data"]["transcript"]
    assert hook.receiver.requests[-1].headers["webhook-id"] == tested["message_id"]
    hook.receiver.on("", CrmAnswer(status=302))
    assert (await hook.tenant.http.post(f"{hook.address}/test")).json()["is_delivered"] is False
    assert await hook.deliveries() == []


async def test_two_workers_send_once(hook: Hook) -> None:
    for _ in range(8):
        await hook.call_starts()
    await hook.settled("delivered", count=8)
    await hook.due_now(status="pending", attempts=0)
    async with EgressClient(EgressPolicy(["127.0.0.1"])) as egress:
        workers = [WebhookWorker(hook.stack.database, WebhookSender(egress, hook.stack.settings.secret_box), poll_s=1.0) for _ in range(4)]
        while sum(await all_of(*(worker.send_some((hook.tenant.id, hook.id)) for worker in workers))):
            pass
    await hook.settled("delivered", count=8)
    assert len(hook.receiver.requests) == 16


async def test_a_private_address_is_refused_when_it_is_given_and_when_it_is_called(hook: Hook) -> None:
    for url in ("http://10.0.0.1/hook", "http://169.254.169.254/latest", "ftp://example.com/x"):
        refused = await hook.tenant.http.post(PATH, json={"url": url, "event_types": ["call.started"]})
        assert refused.status_code == 422, url
        assert "url" in refused.text
        assert (await hook.tenant.http.patch(hook.address, json={"url": url})).status_code == 422
    await hook.change(url="http://10.0.0.1/hook")
    tested = (await hook.tenant.http.post(f"{hook.address}/test")).json()
    assert tested["status"] is None
    assert "internal address" in tested["error"]
    assert not hook.receiver.requests


async def test_it_is_of_one_tenant_and_the_secret_is_sealed(hook: Hook) -> None:
    stranger = await hook.stack.tenant()
    await hook_of(hook.stack, stranger, hook.receiver)
    await hook.call_starts()
    await hook.settled("delivered")
    assert len(hook.receiver.requests) == 1
    async with hook.stack.database.session() as session:
        row = await session.get_one(WebhookEndpointRow, (hook.tenant.id, hook.id))
    assert hook.secret not in row.secret_sealed
    assert (await stranger.http.get(hook.address)).status_code == 404
    changed = await hook.tenant.http.patch(hook.address, json={"description": "Shop", "event_types": ["call.ended", "call.ended"]})
    assert (changed.json()["description"], changed.json()["event_types"]) == ("Shop", ["call.ended"])
    assert (await hook.tenant.http.patch(hook.address, json={"url": None})).status_code == 422
    assert (await hook.tenant.http.post(PATH, json={"url": hook.receiver.url, "event_types": ["call.answered"]})).status_code == 422
    assert (await hook.tenant.http.delete(hook.address)).status_code == 204
    assert (await hook.tenant.http.get(f"{hook.address}/deliveries")).status_code == 404
