"""Proves AC3: every route, walked with the key of another tenant, gives nothing away and changes nothing."""

import re
import secrets
from typing import Any

import pytest
from callstage_contracts.events import CallStarted, EmailTurn, VoicemailLeft
from control_api.app import openapi_document
from control_api.in_process import InProcess, TenantAccess, until

BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "/v1/agents/{agent_id}/backend"): {"kind": "odoo", "url": "https://x.example.com", "database": "d", "login": "l", "password": "p"},
    ("PUT", "/v1/agents/{agent_id}/mailbox"): {"address": "a@b.c", "imap_host": "h", "smtp_host": "h", "username": "u", "password": "p"},
    ("POST", "/v1/agents/{agent_id}/move"): {"new_tenant_id": "elsewhere"},
    ("PUT", "/v1/integrations/{integration_id}"): {"provider": "smtp", "name": "x"},
    ("POST", "/v1/agents/{agent_id}/tools/generate"): {"name": "order", "description": "Order."},
    ("POST", "/v1/agents/{agent_id}/stages/generate"): {"stage": "main", "description": "Greet."},
    ("POST", "/v1/agents/{agent_id}/tools/template"): {"model": "res.partner", "action": "search"},
    ("POST", "/v1/agents/{agent_id}/tests"): {"name": "x", "steps": [{"kind": "says", "text": "hello"}]},
    ("POST", "/v1/live/calls/{call_id}/hint"): {"text": "x"},
    ("PATCH", "/v1/voicemails/{voicemail_id}"): {"is_heard": True},
    ("PATCH", "/v1/numbers/{number_id}"): {"inboundRoute": "voicemail"},
}
OWN_NAMES = {("PUT", "/v1/providers/{name}"), ("PUT", "/v1/audio/{name}"), ("DELETE", "/v1/carriers/{carrier}")}
"""Names that every tenant gives for itself: they cannot point at another tenant's thing."""

OF_NO_LIST = ("/v1/blocked-numbers/check", "/v1/live/events", "/v1/me/account")


@pytest.fixture(scope="module")
def operations() -> list[tuple[str, str]]:
    """(method, path) of every route of the API."""
    return [(method.upper(), path) for path, methods in openapi_document()["paths"].items() for method in methods]


async def _filled(stack: InProcess, tenant: TenantAccess) -> dict[str, str]:
    """One of everything; returns the path parameters that name it."""
    http, number = tenant.http, f"+1415{secrets.randbelow(10**7):07d}"
    await http.post("/v1/agents", json={"agent_id": "secret-agent", "display_name": "S", "tools": ["end_call"]})
    for _ in range(2):
        assert (await http.post("/v1/agents/secret-agent/deploy")).status_code == 200
    await http.put("/v1/agents/secret-agent/backend", json=BODIES[("PUT", "/v1/agents/{agent_id}/backend")])
    await http.put("/v1/agents/secret-agent/mailbox", json=BODIES[("PUT", "/v1/agents/{agent_id}/mailbox")])
    await http.put("/v1/providers/openai", json={"api_key": "sk"})
    await http.post("/v1/blocked-numbers", json={"number": number})
    added = await http.post("/v1/numbers", json={"number": number, "routeTarget": "secret-agent"})
    key = await http.post("/v1/api-keys", json={})
    mail = {"sender": "a@b.cc", "smtp_host": "h.example", "username": "u"}
    account = await http.post("/v1/integrations", json={"provider": "smtp", "name": "Mail", "settings": mail, "secret": "p"})
    page = await http.post("/v1/embed-tokens", json={"label": "Home", "agent_id": "secret-agent"})
    webhook_key = await http.post("/v1/tenant/webhook-keys")
    told = await http.post("/v1/webhook-endpoints", json={"url": "http://127.0.0.1:9/hook", "event_types": ["call.started"]})
    user = await http.post("/v1/users", json={"email": f"x-{tenant.email}", "password": "a long password"})
    call_id, session_id = secrets.token_hex(8), secrets.token_hex(8)
    await stack.publish(
        CallStarted(tenant_id=tenant.id, call_id=call_id, session_id=session_id, agent_id="secret-agent", deployment=1, channel="twilio"),
        EmailTurn(tenant_id=tenant.id, session_id=session_id, agent_id="secret-agent", role="user", text="hello"),
        VoicemailLeft(tenant_id=tenant.id, call_id=call_id, voicemail_id=f"vm-{call_id}", agent_id="secret-agent", duration_ms=1),
    )

    async def applied() -> bool:
        return (await http.get(f"/v1/calls/{call_id}")).status_code == (await http.get(f"/v1/conversations/{session_id}")).status_code == 200

    await until(applied)
    deliveries = await http.get(f"/v1/webhook-endpoints/{told.json()['id']}/deliveries")
    return {
        "endpoint_id": told.json()["id"],
        "delivery_id": deliveries.json()["deliveries"][0]["id"],
        "agent_id": "secret-agent",
        "deployment": "1",
        "before": "1",
        "after": "2",
        "number_id": added.json()["id"],
        "number": number,
        "call_id": call_id,
        "session_id": session_id,
        "user_id": user.json()["id"],
        "key_id": key.json()["id"],
        "webhook_key_id": webhook_key.json()["id"],
        "name": "openai",
        "carrier": "twilio",
        "integration_id": account.json()["id"],
        "token_id": page.json()["id"],
        "run_key": "k",
        "test_id": "test_1",
        "voicemail_id": f"vm-{call_id}",
        "tool": "create_lead",
        "model": "res.partner",
    }


def _address(path: str, names: dict[str, str]) -> str:
    values = {**names, "key_id": names["webhook_key_id"]} if "webhook-keys" in path else names
    return re.sub(r"\{(\w+)\}", lambda found: values[found.group(1)], path)


async def test_every_route_with_a_foreign_key(stack: InProcess, tenant: TenantAccess, operations: list[tuple[str, str]]) -> None:
    names, stranger = await _filled(stack, tenant), await stack.tenant()
    walked = 0
    for method, path in operations:
        if "{" not in path or (method, path) in OWN_NAMES:
            continue
        body = BODIES.get((method, path), {} if method in ("POST", "PATCH") and not path.endswith(("/test", "/deploy")) else None)
        reply = await stranger.http.request(method, _address(path, names), json=body)
        assert reply.status_code == 404, f"{method} {path}: {reply.status_code} {reply.text}"
        walked += 1
    assert walked >= 35
    hidden = ("agent_id", "number_id", "call_id", "session_id", "user_id", "key_id", "webhook_key_id", "token_id", "endpoint_id")
    secret = {names[name] for name in hidden} | {tenant.id, tenant.email}
    for method, path in operations:
        if method == "GET" and "{" not in path and not path.startswith("/v1/auth/") and path not in OF_NO_LIST:
            listed = await stranger.http.get(path)
            assert listed.status_code == 200, f"{path}: {listed.text}"
            assert not [value for value in secret if value in listed.text], path
    for path in (
        "/v1/agents/secret-agent",
        f"/v1/numbers/{names['number_id']}",
        "/v1/agents/secret-agent/backend",
        "/v1/agents/secret-agent/mailbox",
    ):
        assert (await tenant.http.get(path)).status_code == 200


async def test_every_route_without_a_key(stack: InProcess, operations: list[tuple[str, str]]) -> None:
    anonymous = await stack.client()
    names = dict.fromkeys(
        ["agent_id", "deployment", "before", "after", "number_id", "number", "call_id", "session_id", "user_id", "key_id", "webhook_key_id", "name"],
        "1",
    )
    names |= {"carrier": "twilio", "tool": "create_lead", "model": "res.partner", "integration_id": "1", "run_key": "k", "test_id": "1"}
    names |= dict.fromkeys(["token_id", "voicemail_id", "endpoint_id", "delivery_id"], "1")
    for method, path in operations:
        if path.startswith("/v1/auth/"):
            continue
        reply = await anonymous.request(
            method,
            _address(path, names),
        )
        assert reply.status_code == 401, f"{method} {path}: {reply.status_code}"


async def test_a_number_of_another_tenant_is_taken(stack: InProcess, tenant: TenantAccess) -> None:
    number, stranger = f"+1415{secrets.randbelow(10**7):07d}", await stack.tenant()
    assert (await tenant.http.post("/v1/numbers", json={"number": number, "inboundRoute": "voicemail"})).status_code == 201
    taken = await stranger.http.post("/v1/numbers", json={"number": number, "inboundRoute": "voicemail"})
    assert taken.status_code == 409
    assert tenant.id not in taken.text
