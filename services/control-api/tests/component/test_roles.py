"""Proves AC1 AC2: every route, walked by a caller of a lower role, refuses with 403 and a sentence, before it looks at anything."""

import re
from typing import Any

import pytest
from control_api.app import openapi_document
from control_api.in_process import InProcess, TenantAccess

OWNERS_ONLY = ("/v1/users", "/v1/api-keys", "/v1/carriers", "/v1/providers", "/v1/tenant", "/v1/audit")
READ_BY_ALL = {"/v1/carriers", "/v1/providers", "/v1/providers/health", "/v1/providers/{name}", "/v1/tenant", "/v1/tenant/webhook-keys", "/v1/audit"}
FOR_EVERYBODY = {
    ("POST", "/v1/auth/login"),
    ("POST", "/v1/auth/logout"),
    ("PATCH", "/v1/me/account"),
    ("POST", "/v1/voices/preview"),
    ("POST", "/v1/tools/check"),
}
PLATFORM = {("POST", "/v1/agents/{agent_id}/move")}


def _writes() -> list[tuple[str, str]]:
    every = [(method.upper(), path) for path, methods in openapi_document()["paths"].items() for method in methods]
    return [operation for operation in every if operation[0] != "GET" and operation not in FOR_EVERYBODY | PLATFORM]


def _reads_of_owners() -> list[str]:
    paths = [path for path, methods in openapi_document()["paths"].items() if "get" in methods]
    return [path for path in paths if path.startswith(OWNERS_ONLY) and path not in READ_BY_ALL]


async def _key(stack: InProcess, tenant: TenantAccess, scope: str) -> Any:
    made = await tenant.http.post("/v1/api-keys", json={"name": scope, "scopes": [scope]})
    return await stack.client(**{"x-api-key": made.json()["api_key"]})


def _address(path: str) -> str:
    return re.sub(r"\{\w+\}", "1", path)


async def test_a_viewer_changes_nothing(stack: InProcess, tenant: TenantAccess) -> None:
    viewer, operations = await _key(stack, tenant, "read"), _writes()
    assert len(operations) >= 50
    for method, path in operations:
        reply = await viewer.request(method, _address(path), json={})
        assert reply.status_code == 403, f"{method} {path}: {reply.status_code} {reply.text}"
        assert "role" in reply.json()["detail"], path


async def test_an_editor_touches_neither_people_nor_keys(stack: InProcess, tenant: TenantAccess) -> None:
    editor = await _key(stack, tenant, "write")
    for method, path in _writes():
        if path.startswith(OWNERS_ONLY):
            reply = await editor.request(method, _address(path), json={})
            assert reply.status_code == 403, f"{method} {path}: {reply.status_code} {reply.text}"
            assert "owner" in reply.json()["detail"]
    for path in _reads_of_owners():
        assert (await editor.get(_address(path))).status_code == 403, path


@pytest.mark.parametrize("scope", ["read", "write", "*"])
async def test_nobody_below_the_platform_moves_an_agent(stack: InProcess, tenant: TenantAccess, scope: str) -> None:
    caller = await _key(stack, tenant, scope)
    reply = await caller.post("/v1/agents/a/move", json={"new_tenant_id": "elsewhere"})
    assert reply.status_code in (403, 404)
