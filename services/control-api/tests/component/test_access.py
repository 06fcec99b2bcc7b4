"""Proves AC1 AC2 RE1: sign-in, roles, cookies, API keys, idempotency keys."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from callstage_contracts.buckets import API_KEYS
from callstage_kit.crypto import sha256_hex
from control_api.in_process import InProcess, TenantAccess, until

CSRF = {"x-callstage-csrf": "1"}


async def _signed_in(stack: InProcess, email: str, password: str) -> httpx2.AsyncClient:
    client = await stack.client()
    reply = await client.post("/v1/auth/login", json={"email": email, "password": password})
    assert reply.status_code == 200, reply.text
    return client


async def test_a_cookie_is_safe_and_ends_with_the_session(stack: InProcess, tenant: TenantAccess) -> None:
    client = await stack.client()
    reply = await client.post("/v1/auth/login", json={"email": tenant.email.upper(), "password": tenant.password})
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await client.get("/v1/me")).json()["role"] == "owner"
    value = client.cookies["callstage_session"]
    assert (await client.post("/v1/auth/logout")).status_code == 204
    replayed = await stack.client(cookie=f"callstage_session={value}")
    assert (await replayed.get("/v1/me")).status_code == 401


async def test_a_write_with_a_cookie_needs_the_header(stack: InProcess, tenant: TenantAccess) -> None:
    client = await _signed_in(stack, tenant.email, tenant.password)
    body = {"agent_id": "a", "display_name": "A"}
    refused = await client.post("/v1/agents", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_header_missing")
    assert (await client.post("/v1/agents", json=body, headers=CSRF)).status_code == 201


async def test_a_wrong_password_and_an_unknown_address_look_alike_and_are_limited(stack: InProcess, tenant: TenantAccess) -> None:
    client = await stack.client()
    wrong = await client.post("/v1/auth/login", json={"email": tenant.email, "password": "not it"})
    unknown = await client.post("/v1/auth/login", json={"email": "nobody@example.com", "password": "not it"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    for _ in range(9):
        await client.post("/v1/auth/login", json={"email": tenant.email, "password": "not it"})
    limited = await client.post("/v1/auth/login", json={"email": tenant.email, "password": tenant.password})
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) > 0


async def test_roles(stack: InProcess, tenant: TenantAccess) -> None:
    for role in ("viewer", "editor"):
        body = {"email": f"{role}-{tenant.email}", "password": "a long password", "role": role}
        assert (await tenant.http.post("/v1/users", json=body)).status_code == 201
    viewer = await _signed_in(stack, f"viewer-{tenant.email}", "a long password")
    editor = await _signed_in(stack, f"editor-{tenant.email}", "a long password")
    agent = {"agent_id": "a", "display_name": "A"}
    assert (await viewer.get("/v1/agents")).status_code == 200
    assert (await viewer.post("/v1/agents", json=agent, headers=CSRF)).status_code == 403
    assert (await editor.post("/v1/agents", json=agent, headers=CSRF)).status_code == 201
    for path in ("/v1/users", "/v1/api-keys"):
        assert (await editor.get(path)).status_code == 403
        assert (await editor.post(path, json={}, headers=CSRF)).status_code in (403, 422)
    user = (await tenant.http.get("/v1/users")).json()["users"][1]
    assert (await tenant.http.patch(f"/v1/users/{user['id']}", json={"is_active": False})).status_code == 200
    assert (await viewer.get("/v1/agents")).status_code == 401


async def test_the_last_owner_stays(tenant: TenantAccess) -> None:
    owner = (await tenant.http.get("/v1/users")).json()["users"][0]
    assert (await tenant.http.delete(f"/v1/users/{owner['id']}")).json()["code"] == "last_owner"
    assert (await tenant.http.patch(f"/v1/users/{owner['id']}", json={"role": "viewer"})).status_code == 409


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
async def test_a_key_is_shown_once_and_a_revoked_one_stops_everywhere(stack: InProcess, tenant: TenantAccess, header: str) -> None:
    created = (await tenant.http.post("/v1/api-keys", json={"name": "one"})).json()
    secret = created["api_key"]
    assert secret.startswith("vx_")
    assert secret not in (await tenant.http.get("/v1/api-keys")).text
    client = await stack.client(**{header: secret if header == "x-api-key" else f"Bearer {secret}"})
    assert (await client.get("/v1/me")).json()["tenant_id"] == tenant.id

    async def published() -> bool:
        return await stack.kv(API_KEYS, sha256_hex(secret)) is not None

    async def revoked() -> bool:
        return not await published()

    await until(published)
    assert (await tenant.http.delete(f"/v1/api-keys/{created['id']}")).status_code == 204
    assert (await client.get("/v1/me")).status_code == 401
    await until(revoked, timeout_s=20)
    listed = (await tenant.http.get("/v1/api-keys")).json()["api_keys"][0]
    assert listed["revoked_at"] is not None
    assert listed["last_used_at"] is not None


async def test_scopes_and_expiry(stack: InProcess, tenant: TenantAccess) -> None:
    read = (await tenant.http.post("/v1/api-keys", json={"scopes": ["read"]})).json()["api_key"]
    reader = await stack.client(x_api_key=read)
    assert (await reader.get("/v1/agents")).status_code == 200
    assert (await reader.post("/v1/agents", json={"agent_id": "a", "display_name": "A"})).status_code == 403
    assert (await tenant.http.post("/v1/api-keys", json={"scopes": ["platform"]})).status_code == 403
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert (await tenant.http.post("/v1/api-keys", json={"expires_at": past})).status_code == 422
    soon = (datetime.now(UTC) + timedelta(milliseconds=300)).isoformat()
    expiring = await stack.client(x_api_key=(await tenant.http.post("/v1/api-keys", json={"expires_at": soon})).json()["api_key"])

    async def expired() -> bool:
        return (await expiring.get("/v1/me")).status_code == 401

    assert await until(expired)


async def test_an_idempotency_key_replays_the_reply(tenant: TenantAccess) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = await tenant.http.post("/v1/api-keys", json={"name": "one"}, headers=headers)
    again = await tenant.http.post("/v1/api-keys", json={"name": "one"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await tenant.http.post("/v1/api-keys", json={"name": "two"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert [key["name"] for key in (await tenant.http.get("/v1/api-keys")).json()["api_keys"]].count("one") == 1


async def test_a_failed_request_frees_its_idempotency_key(tenant: TenantAccess) -> None:
    headers = {"Idempotency-Key": "k-2"}
    body = {"number": "+14155550123", "routeTarget": "later"}
    assert (await tenant.http.post("/v1/numbers", json=body, headers=headers)).status_code == 422
    await tenant.http.post("/v1/agents", json={"agent_id": "later", "display_name": "L"})
    created = await tenant.http.post("/v1/numbers", json=body, headers=headers)
    assert created.status_code == 201, created.text
    await tenant.http.delete(f"/v1/numbers/{created.json()['id']}")


async def test_errors_are_problems(stack: InProcess, tenant: TenantAccess) -> None:
    anonymous = await stack.client()
    for reply, status in (
        (await anonymous.get("/v1/agents"), 401),
        (await anonymous.get("/nowhere"), 404),
        (await tenant.http.put("/v1/me"), 405),
        (await tenant.http.post("/v1/agents", content=b"{", headers={"content-type": "application/json"}), 422),
        (await tenant.http.post("/v1/agents", content=b'"' + b"x" * (1 << 20) + b'"', headers={"content-type": "application/json"}), 413),
        (await tenant.http.get("/v1/calls", params={"unknown": "1"}), 422),
    ):
        assert reply.status_code == status, reply.text
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["status"] == status
        assert {"type", "title", "code", "detail"} <= set(reply.json())


async def test_a_body_without_a_length_is_bounded_too(tenant: TenantAccess) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2000):
            yield b" " * 1000

    reply = await tenant.http.post("/v1/agents", content=endless(), headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")


async def test_pages_need_no_script_and_no_key(stack: InProcess) -> None:
    anonymous = await stack.client()
    for path in ("/", "/docs"):
        page = await anonymous.get(path)
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "/v1/agents/{agent_id}/deploy" in (await anonymous.get("/docs")).text
    assert (await anonymous.get("/openapi.json")).json()["openapi"].startswith("3.1")
    assert (await anonymous.get("/healthz")).status_code == 200
    assert "callstage_events_total" in (await anonymous.get("/metrics")).text


async def test_people_change_their_own_password_and_nobody_elses(stack: InProcess, tenant: TenantAccess) -> None:
    client = await _signed_in(stack, tenant.email, tenant.password)
    wrong = await client.patch("/v1/me/account", json={"password": "a new long one", "current_password": "not it"}, headers=CSRF)
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "current_password"
    renamed = await client.patch("/v1/me/account", json={"name": "Ada"}, headers=CSRF)
    assert renamed.json()["name"] == "Ada"
    assert (await client.get("/v1/me")).json()["name"] == "Ada"
    newest = (await client.get("/v1/audit")).json()["entries"][0]
    assert newest["actor_name"] == tenant.email, "names are chosen freely, so the log has the address"
    changed = await client.patch("/v1/me/account", json={"password": "a new long one", "current_password": tenant.password}, headers=CSRF)
    assert changed.status_code == 200
    assert (await client.get("/v1/me")).status_code == 401, "a new password signs out everywhere"
    await _signed_in(stack, tenant.email, "a new long one")
