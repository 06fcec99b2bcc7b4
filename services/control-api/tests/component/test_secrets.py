"""Proves AC5 W1 I1 A5 T7: secrets are sealed at rest and on the way, never come back, and webhook keys rotate with overlap."""

import base64
from typing import Any

import pytest
from callstage_contracts import buckets
from callstage_kit.egress_policy import EgressPolicy
from control_api.db.all_tables import METADATA
from control_api.features.providers.probe import probe
from control_api.in_process import InProcess, TenantAccess, until
from sqlalchemy import text

SECRETS = ["twilio-token-1", "telnyx-key-1", "backend-password-1", "mail-password-1", "provider-key-1"]


async def _stored(tenant: TenantAccess) -> None:
    http, public_key = tenant.http, base64.b64encode(b"k" * 32).decode()
    await http.post("/v1/agents", json={"agent_id": "a", "display_name": "A", "tools": ["end_call"]})
    mailbox = {"address": "a@b.c", "imap_host": "i", "smtp_host": "s", "username": "u", "password": SECRETS[3]}
    for path, body in (
        ("/v1/carriers/twilio", {"account_sid": "AC0123456789", "auth_token": SECRETS[0]}),
        ("/v1/carriers/telnyx", {"public_key": public_key, "api_key": SECRETS[1]}),
        ("/v1/agents/a/backend", {"kind": "odoo", "url": "https://o.example.com", "database": "d", "login": "l", "api_key": SECRETS[2]}),
        ("/v1/agents/a/mailbox", mailbox),
        ("/v1/providers/openai", {"api_key": SECRETS[4], "base_url": "http://127.0.0.1:9/v1"}),
    ):
        reply = await http.put(path, json=body)
        assert reply.status_code == 200, reply.text
        assert not [secret for secret in SECRETS if secret in reply.text]
    await http.post("/v1/agents/a/deploy")


async def test_secrets_are_nowhere_in_clear_text(stack: InProcess, tenant: TenantAccess) -> None:
    await _stored(tenant)
    webhook_key = (await tenant.http.post("/v1/tenant/webhook-keys")).json()["webhook_key"]
    api_key = (await tenant.http.post("/v1/api-keys", json={}, headers={"Idempotency-Key": "s"})).json()["api_key"]
    hidden = [*SECRETS, webhook_key, api_key, tenant.password]
    async with stack.database.session() as session:
        for table in METADATA.sorted_tables:
            rows = (await session.execute(text(f"SELECT row_to_json(t)::text FROM {table.name} t"))).scalars().all()
            assert not [table.name for row in rows for secret in hidden if secret in row]
    for path in ("/v1/carriers", "/v1/agents/a/backend", "/v1/agents/a/mailbox", "/v1/providers", "/v1/audit?limit=200", "/v1/tenant/webhook-keys"):
        reply = await tenant.http.get(path)
        assert reply.status_code == 200
        assert not [secret for secret in hidden if secret in reply.text], path


async def test_the_data_plane_can_open_them(stack: InProcess, tenant: TenantAccess) -> None:
    await _stored(tenant)
    webhook_key = (await tenant.http.post("/v1/tenant/webhook-keys")).json()["webhook_key"]

    async def published() -> Any:
        record = await stack.kv(buckets.TENANTS, tenant.id)
        key = await stack.kv(buckets.PROVIDER_KEYS, f"{tenant.id}.openai")
        return record if record and record["webhook_keys"] and record["telnyx"] and key else None

    box, record = stack.settings.secret_box, await until(published)
    mailbox = await stack.kv(buckets.MAILBOXES, buckets.agent_key(tenant.id, "a"))
    backend = await stack.kv(buckets.BACKENDS, buckets.agent_key(tenant.id, "a"))
    provider = await stack.kv(buckets.PROVIDER_KEYS, f"{tenant.id}.openai")
    assert box.open(record["twilio"]["auth_token_sealed"], buckets.twilio_aad(tenant.id)) == SECRETS[0]
    assert box.open(record["telnyx"]["api_key_sealed"], buckets.telnyx_aad(tenant.id)) == SECRETS[1]
    assert box.open(backend["secret_sealed"], buckets.backend_aad(tenant.id, "a")) == SECRETS[2]
    assert box.open(mailbox["password_sealed"], buckets.integration_aad(tenant.id, mailbox["integration_id"])) == SECRETS[3]
    assert box.open(provider["api_key_sealed"], buckets.provider_aad(tenant.id, "openai")) == SECRETS[4]
    assert box.open(record["webhook_keys"][0]["key_sealed"], buckets.webhook_key_aad(tenant.id)) == webhook_key


async def test_webhook_keys_rotate_with_overlap(tenant: TenantAccess) -> None:
    first = (await tenant.http.post("/v1/tenant/webhook-keys")).json()
    second = (await tenant.http.post("/v1/tenant/webhook-keys", json={"overlap_s": 3600})).json()
    assert second["webhook_key"].startswith("csk_live_")
    listed = (await tenant.http.get("/v1/tenant/webhook-keys")).json()["webhook_keys"]
    assert [key["id"] for key in listed] == [second["id"], first["id"]]
    assert (listed[0]["expires_at"], listed[1]["expires_at"] is None) == (None, False)
    third = (await tenant.http.post("/v1/tenant/webhook-keys", json={"overlap_s": 0})).json()
    assert [key["id"] for key in (await tenant.http.get("/v1/tenant/webhook-keys")).json()["webhook_keys"]] == [third["id"]]
    assert (await tenant.http.delete(f"/v1/tenant/webhook-keys/{third['id']}")).status_code == 204


async def test_a_stored_secret_never_goes_to_another_address(tenant: TenantAccess) -> None:
    await _stored(tenant)
    body = {"kind": "odoo", "url": "https://evil.example.com", "database": "d", "login": "l"}
    for method, path in (("PUT", "/v1/agents/a/backend"), ("POST", "/v1/agents/a/backend/test")):
        refused = await tenant.http.request(method, path, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "password")
    kept = await tenant.http.put("/v1/agents/a/backend", json={**body, "url": "https://o.example.com", "login": "other"})
    assert (kept.status_code, kept.json()["login"]) == (200, "other")


async def test_trying_a_backend_says_when_the_sandbox_is_away(tenant: TenantAccess) -> None:
    await _stored(tenant)
    reply = await tenant.http.post("/v1/agents/a/backend/test")
    assert (reply.status_code, reply.json()["code"]) == (503, "sandbox_unavailable")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://10.0.0.1/v1", "not a public address"),
        ("http://0x7f.2/v1", "not a public address"),
        ("http://[::1]:8080/v1", "not a public address"),
        ("http://[fe80::1]/v1", "not a public address"),
        ("http://169.254.169.254/latest", "metadata"),
        ("http://user:secret@api.example.com/v1", "user name or password"),
        ("file:///etc/passwd", "http"),
        ("https:///v1", "no valid host"),
        ("https://no-such-host.invalid/v1", "does not resolve"),
    ],
)
async def test_a_provider_address_in_our_network_is_not_stored(tenant: TenantAccess, url: str, reason: str) -> None:
    refused = await tenant.http.put("/v1/providers/openai", json={"api_key": "k", "base_url": url})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "base_url")
    assert reason in refused.json()["detail"]
    assert (await tenant.http.get("/v1/providers")).json()["providers"] == []


async def test_provider_health_does_not_look_around_in_our_network() -> None:
    for url in ("http://10.0.0.1/v1", "http://localhost:1/v1"):
        reachable, _, error = await probe(url, EgressPolicy())
        assert not reachable
        assert "internal address" in (error or "")


async def test_provider_health_names_who_uses_what(tenant: TenantAccess) -> None:
    await _stored(tenant)
    await tenant.http.patch("/v1/agents/a", json={"stt": {"provider": "moonshine"}})
    health = {item["provider"]: item for item in (await tenant.http.get("/v1/providers/health")).json()["providers"]}
    assert (health["openai"]["configured"], health["openai"]["reachable"]) == (True, False)
    assert health["openai"]["error"]
    assert (health["moonshine"]["configured"], health["moonshine"]["reachable"], health["moonshine"]["used_by"]) == (False, None, ["a"])
