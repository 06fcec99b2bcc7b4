"""Proves N1 N2 N3 N5: numbers, their routes, blocked numbers."""

import secrets

import pytest
from callstage_contracts.buckets import BLOCKED, ROUTES, blocked_key, route_key
from control_api.in_process import InProcess, TenantAccess, until


def _number() -> str:
    return f"+1415{secrets.randbelow(10**7):07d}"


async def test_a_route_reaches_the_data_plane(stack: InProcess, tenant: TenantAccess) -> None:
    number = _number()
    await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A", "tools": ["end_call"]})
    body = {
        "number": f"{number[:2]} ({number[2:5]}) {number[5:]}",
        "inboundRoute": "ai_agent",
        "routeTarget": "a",
        "aiTransferType": "extension",
        "aiTransferTarget": "1001",
        "fallback": {"type": "message", "target": "Sorry."},
    }
    created = await tenant.http.post("/v1/numbers", json=body)
    assert created.status_code == 201, created.text
    shown = created.json()
    assert {name: shown[name] for name in body} == {**body, "number": number}
    assert shown["live"] is False
    await tenant.http.post("/v1/agents/a/deploy")
    assert (await tenant.http.get(f"/v1/numbers/{shown['id']}")).json()["live"] is True

    async def routed() -> object:
        return await stack.kv(ROUTES, route_key(number))

    assert await until(routed) == {
        "tenant_id": tenant.id,
        "number": number,
        "inbound_route": "ai_agent",
        "route_target": "a",
        "ai_transfer_type": "extension",
        "ai_transfer_target": "1001",
        "fallback": {"type": "message", "target": "Sorry."},
    }
    changed = await tenant.http.patch(f"/v1/numbers/{shown['id']}", json={"fallback": None, "aiTransferType": "queue", "aiTransferTarget": "q1"})
    assert (changed.json()["fallback"], changed.json()["aiTransferType"], changed.json()["routeTarget"]) == (None, "queue", "a")
    assert (await tenant.http.delete(f"/v1/numbers/{shown['id']}")).status_code == 204

    async def gone() -> bool:
        return await routed() is None

    await until(gone)


async def test_an_agent_has_one_number(tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A"})
    first = await tenant.http.post("/v1/numbers", json={"number": _number(), "routeTarget": "a"})
    second = await tenant.http.post("/v1/numbers", json={"number": _number(), "routeTarget": "a"})
    assert (second.status_code, second.json()["code"]) == (409, "agent_has_number")
    assert first.json()["number"] in second.json()["detail"]
    await tenant.http.delete(f"/v1/numbers/{first.json()['id']}")
    assert (await tenant.http.post("/v1/numbers", json={"number": _number(), "routeTarget": "a"})).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"number": "5551234"}, "number"),
        ({"number": "+1999"}, "number"),
        ({"number": "+14155550199", "routeTarget": "no-such-agent"}, "routeTarget"),
        ({"number": "+14155550199", "inboundRoute": "elevator"}, "inboundRoute"),
        ({"number": "+14155550199", "inboundRoute": "external", "routeTarget": "12"}, "routeTarget"),
        ({"number": "+14155550199", "aiTransferTarget": "1001"}, "aiTransferType"),
        ({"number": "+14155550199", "fallback": {"type": "external"}}, "fallback.target"),
        ({"number": "+14155550199", "inbound_route": "voicemail"}, "inbound_route"),
    ],
)
async def test_what_is_wrong_is_named(tenant: TenantAccess, body: dict[str, object], field: str) -> None:
    reply = await tenant.http.post("/v1/numbers", json=body)
    assert reply.status_code == 422, reply.text
    assert reply.json()["errors"][0]["field"] == field


async def test_block_check_list_unblock(stack: InProcess, tenant: TenantAccess) -> None:
    number = _number()
    assert (await tenant.http.get("/v1/blocked-numbers/check", params={"number": number})).json()["blocked"] is False
    await tenant.http.post("/v1/blocked-numbers", json={"number": number, "reason": "Spam", "direction": "inbound"})
    checked = (await tenant.http.get("/v1/blocked-numbers/check", params={"number": number})).json()
    assert checked == {"blocked": True, "number": number, "direction": "inbound", "reason": "Spam"}
    assert (await tenant.http.get(f"/v1/blocked-numbers/check?number={number}")).json()["blocked"] is True

    async def stored() -> object:
        return await stack.kv(BLOCKED, blocked_key(tenant.id, number))

    assert await until(stored) == {"tenant_id": tenant.id, "number": number, "direction": "inbound", "reason": "Spam"}
    assert [item["number"] for item in (await tenant.http.get("/v1/blocked-numbers")).json()["blocked_numbers"]] == [number]
    assert (await tenant.http.delete(f"/v1/blocked-numbers/{number}")).status_code == 204
    assert (await tenant.http.delete(f"/v1/blocked-numbers/{number}")).status_code == 404


async def test_the_addresses_to_enter_at_the_carriers_are_told(stack: InProcess, tenant: TenantAccess) -> None:
    carriers = (await tenant.http.get("/v1/carriers")).json()
    gateway = stack.settings.gateway_public_url
    assert carriers["webhooks"] == {"twilio_voice_url": f"{gateway}/api/twilio/voice", "telnyx_webhook_url": f"{gateway}/incoming/telnyx"}
