"""Proves E1 E4 E6 AC1 AC3 AC5 AC6 N4 A4: embed tokens from making to withdrawal, their secret, and what the data plane is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from callstage_contracts.buckets import ACTIVE, EMBED_TOKENS, agent_key, embed_aad
from callstage_contracts.events import CallStarted
from control_api.in_process import InProcess, TenantAccess, until


@pytest.fixture
async def shop(tenant: TenantAccess) -> TenantAccess:
    for agent_id in ("shop", "support"):
        assert (await tenant.http.post("/v1/agents", json={"agent_id": agent_id, "display_name": agent_id, "language": "de"})).status_code == 201
    return tenant


async def make(tenant: TenantAccess, **body: Any) -> dict[str, Any]:
    reply = await tenant.http.post("/v1/embed-tokens", json={"label": "Home page", "agent_id": "shop", **body})
    assert reply.status_code == 201, reply.text
    return reply.json()


async def told(stack: InProcess, token: str, *, expects: Any = ...) -> Any:
    """The record in the bucket, once it is (or is not) there."""

    async def ask() -> Any:
        found = await stack.kv(EMBED_TOKENS, token)
        if expects is None:
            return found is None
        is_it = found is not None and (expects is ... or all(found.get(name) == value for name, value in expects.items()))
        return found if is_it else None

    return await until(ask)


async def test_from_making_to_withdrawal(stack: InProcess, shop: TenantAccess) -> None:
    made = await make(shop, allowed_origins=["https://Shop.example.com/", "https://shop.example.com"])
    assert made["token"].startswith("emb_")
    assert (made["allowed_origins"], made["is_active"], made["require_authentication"]) == (["https://shop.example.com"], True, False)
    assert made["token"] in made["snippet"]
    assert made["script_url"] == "https://calls.example.com/callstage_embed.js"
    assert "secret" not in str(made)
    record = await told(stack, made["token"])
    assert (record["agent_id"], record["token_id"], record["allowed_origins"]) == ("shop", made["id"], ["https://shop.example.com"])

    async def active() -> Any:
        return await stack.kv(ACTIVE, agent_key(shop.id, "shop"))

    assert (await until(active))["language"] == "de"
    address = f"/v1/embed-tokens/{made['id']}"
    changed = await shop.http.patch(address, json={"is_active": False, "agent_id": "support", "allowed_origins": []})
    assert (changed.status_code, changed.json()["agent_id"], changed.json()["label"]) == (200, "support", "Home page")
    await told(stack, made["token"], expects={"is_active": False, "agent_id": "support", "allowed_origins": []})
    assert (await shop.http.get(address)).json() == changed.json()
    assert [item["id"] for item in (await shop.http.get("/v1/embed-tokens", params={"agent_id": "support"})).json()["embed_tokens"]] == [made["id"]]
    assert (await shop.http.get("/v1/embed-tokens", params={"agent_id": "shop"})).json()["embed_tokens"] == []
    assert (await shop.http.delete(address)).status_code == 204
    await told(stack, made["token"], expects=None)
    assert (await shop.http.get(address)).status_code == 404


async def test_the_secret_is_shown_on_demand_and_sealed_at_rest(stack: InProcess, shop: TenantAccess) -> None:
    made = await make(shop, require_authentication=True)
    address = f"/v1/embed-tokens/{made['id']}"
    shown = await shop.http.post(f"{address}/reveal-secret")
    secret = shown.json()["shared_secret"]
    assert (shown.headers["cache-control"], len(secret) > 40) == ("no-store", True)
    record = await told(stack, made["token"])
    assert secret not in str(record)
    assert stack.settings.secret_box.open(record["secret_sealed"], embed_aad(shop.id, made["id"])) == secret
    fresh = (await shop.http.post(f"{address}/rotate-secret")).json()["shared_secret"]
    assert fresh != secret
    assert (await shop.http.post(f"{address}/reveal-secret")).json()["shared_secret"] == fresh

    async def rotated() -> bool:
        sealed = (await stack.kv(EMBED_TOKENS, made["token"]))["secret_sealed"]
        return stack.settings.secret_box.open(sealed, embed_aad(shop.id, made["id"])) == fresh

    await until(rotated)
    audit = (await shop.http.get("/v1/audit", params={"entity": "embed_token", "entity_id": made["id"]})).json()["entries"]
    actions = [entry["action"].partition(".")[2] for entry in audit]
    assert actions == ["secret_revealed", "secret_rotated", "secret_revealed", "created"]
    assert secret not in str(audit)
    assert fresh not in str(audit)


async def test_a_rotation_keeps_the_secret_before_for_a_while(stack: InProcess, shop: TenantAccess) -> None:
    """Proves E1 E4: the gateways are told both secrets and until when; ended early, and without an overlap, they know the newest alone."""
    made = await make(shop)
    address = f"/v1/embed-tokens/{made['id']}"
    box, aad = stack.settings.secret_box, embed_aad(shop.id, made["id"])
    old = (await shop.http.post(f"{address}/reveal-secret")).json()["shared_secret"]
    assert made["previous_expires_at"] is None

    rotated = await shop.http.post(f"{address}/rotate-secret", json={"overlap_s": 7200})
    until_at = datetime.fromisoformat(rotated.json()["previous_expires_at"])
    assert timedelta(seconds=7100) < until_at - datetime.now(UTC) <= timedelta(seconds=7200)
    assert (await shop.http.get(address)).json()["previous_expires_at"] == rotated.json()["previous_expires_at"]

    async def overlapping() -> Any:
        record = await stack.kv(EMBED_TOKENS, made["token"])
        return record if "previous_expires_at" in record else None

    record = await until(overlapping)
    assert [box.open(record[name], aad) for name in ("secret_sealed", "previous_secret_sealed")] == [rotated.json()["shared_secret"], old]

    assert (await shop.http.delete(f"{address}/previous-secret")).status_code == 204
    await told(stack, made["token"], expects={"previous_secret_sealed": None, "previous_expires_at": None})
    assert (await shop.http.get(address)).json()["previous_expires_at"] is None
    # Nothing to end is nothing wrong: it may have ended by itself meanwhile.
    assert (await shop.http.delete(f"{address}/previous-secret")).status_code == 204

    hour = (await shop.http.post(f"{address}/rotate-secret")).json()["previous_expires_at"]
    assert datetime.fromisoformat(hour) - datetime.now(UTC) <= timedelta(hours=1)
    at_once = (await shop.http.post(f"{address}/rotate-secret", json={"overlap_s": 0})).json()
    assert at_once["previous_expires_at"] is None
    await told(stack, made["token"], expects={"previous_secret_sealed": None})
    audit = (await shop.http.get("/v1/audit", params={"entity": "embed_token", "entity_id": made["id"]})).json()["entries"]
    noted = [(entry["action"].partition(".")[2], (entry["after"] or {}).get("overlap_s")) for entry in audit[:4]]
    assert noted == [("secret_rotated", 0), ("secret_rotated", 3600), ("previous_secret_ended", None), ("secret_rotated", 7200)]


async def test_an_overlap_that_is_over_is_not_shown(stack: InProcess, shop: TenantAccess) -> None:
    """Proves E4."""
    made = await make(shop)
    address = f"/v1/embed-tokens/{made['id']}"
    soon = (await shop.http.post(f"{address}/rotate-secret", json={"overlap_s": 1})).json()["previous_expires_at"]
    assert soon is not None

    async def over() -> bool:
        return (await shop.http.get(address)).json()["previous_expires_at"] is None

    await until(over)
    # Whatever is told the gateways next is without it.
    await shop.http.patch(address, json={"label": "Start page"})
    await told(stack, made["token"], expects={"previous_secret_sealed": None, "previous_expires_at": None})


async def test_wrong_bodies_name_the_field(shop: TenantAccess) -> None:
    made = await make(shop)
    for body, field in (
        ({"label": "x", "agent_id": "nobody"}, "agent_id"),
        ({"label": "", "agent_id": "shop"}, "label"),
        ({"label": "x", "agent_id": "shop", "allowed_origins": ["shop.example.com"]}, "allowed_origins.0"),
        ({"label": "x", "agent_id": "shop", "token": "emb_mine"}, "token"),
    ):
        reply = await shop.http.post("/v1/embed-tokens", json=body)
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)
    for body, field in (({"label": None}, "label"), ({"agent_id": "nobody"}, "agent_id")):
        reply = await shop.http.patch(f"/v1/embed-tokens/{made['id']}", json=body)
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)
    for overlap_s in (-1, 24 * 3600 + 1):
        reply = await shop.http.post(f"/v1/embed-tokens/{made['id']}/rotate-secret", json={"overlap_s": overlap_s})
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "overlap_s")


async def test_other_tenants_and_lower_roles(stack: InProcess, shop: TenantAccess) -> None:
    made = await make(shop)
    other = await stack.tenant()
    address = f"/v1/embed-tokens/{made['id']}"
    for method, path in (
        ("GET", address),
        ("PATCH", address),
        ("DELETE", address),
        ("POST", f"{address}/reveal-secret"),
        ("POST", f"{address}/rotate-secret"),
        ("DELETE", f"{address}/previous-secret"),
    ):
        reply = await other.http.request(method, path, json={} if method == "PATCH" else None)
        assert reply.status_code == 404, (method, path)
    key = (await shop.http.post("/v1/api-keys", json={"scopes": ["read"]})).json()["api_key"]
    viewer = await stack.client(x_api_key=key)
    assert (await viewer.get(address)).status_code == 200
    for method, path in (
        ("PATCH", address),
        ("POST", f"{address}/reveal-secret"),
        ("POST", f"{address}/rotate-secret"),
        ("DELETE", f"{address}/previous-secret"),
        ("POST", "/v1/embed-tokens"),
    ):
        assert (await viewer.request(method, path, json={})).status_code == 403


async def test_a_deleted_agent_takes_its_tokens_along(stack: InProcess, shop: TenantAccess) -> None:
    made = await make(shop)
    await told(stack, made["token"])
    assert (await shop.http.delete("/v1/agents/shop")).status_code == 204
    await told(stack, made["token"], expects=None)
    assert (await shop.http.get(f"/v1/embed-tokens/{made['id']}")).status_code == 404


async def test_when_it_was_last_used(stack: InProcess, shop: TenantAccess) -> None:
    made = await make(shop)
    assert made["last_used_at"] is None
    started = CallStarted(tenant_id=shop.id, call_id="c1", session_id="s1", agent_id="shop", deployment=1, channel="chat", embed_token_id=made["id"])
    await stack.publish(started)

    async def used() -> Any:
        return (await shop.http.get(f"/v1/embed-tokens/{made['id']}")).json()["last_used_at"]

    assert (await until(used))[:19] == started.occurred_at.isoformat()[:19]
    calls = (await shop.http.get("/v1/calls")).json()["calls"]
    assert [(call["call_id"], call["channel"]) for call in calls] == [("c1", "chat")]
