"""Proves I1 I4 AC5: accounts are connected, tried, attached and removed; secrets never come back; a consent belongs to who asked for it."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
import httpx2
import pytest
from callstage_contracts.buckets import INTEGRATIONS, IntegrationRecord, integration_aad
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2_grpc
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from callstage_testing.fakes.google import FakeGoogle
from control_api.in_process import InProcess, TenantAccess, in_process, until
from control_api.settings import ControlApiSettings

pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own
SMTP = {"sender": "shop@example.com", "smtp_host": "mail.example.com", "username": "shop@example.com"}
MAIL = {"provider": "smtp", "name": "Shop", "settings": SMTP, "secret": "mail-password"}


class Tester(sandbox_pb2_grpc.ToolServiceServicer):
    """Takes one password."""

    async def TestIntegration(self, request: pb.TestIntegrationRequest, context: Any) -> pb.TestIntegrationReply:  # noqa: N802
        settings = json.loads(request.integration_json)["settings"]
        return pb.TestIntegrationReply(ok=settings["smtp_host"] == "mail.example.com", message="", account=settings["smtp_host"])


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle() as fake:
        yield fake


@pytest.fixture
async def stack(make_settings: Callable[..., ControlApiSettings], google: FakeGoogle) -> AsyncIterator[InProcess]:
    def register(server: grpc.aio.Server) -> None:
        sandbox_pb2_grpc.add_ToolServiceServicer_to_server(Tester(), server)  # pyright: ignore[reportAbstractUsage]

    async with serve_grpc(register, Health(), "127.0.0.1", 0, stop_grace_s=0) as port:
        settings = make_settings(
            sandbox_target=f"127.0.0.1:{port}",
            google_client_id=google.client_id,
            google_client_secret=google.client_secret,
            google_token_url=f"{google.base_url}/token",
        )
        async with in_process(settings) as running:
            yield running


async def _browser(stack: InProcess, tenant: TenantAccess) -> httpx2.AsyncClient:
    client = await stack.client(x_callstage_csrf="1")
    reply = await client.post("/v1/auth/login", json={"email": tenant.email, "password": tenant.password})
    assert reply.status_code == 200, reply.text
    client.cookies.set("callstage_session", reply.cookies["callstage_session"])
    return client


async def test_an_account_from_first_try_to_removal(stack: InProcess, tenant: TenantAccess) -> None:
    http = tenant.http
    assert (await http.post("/v1/integrations/test", json=MAIL)).json() == {"ok": True, "message": "", "account": "mail.example.com"}
    made = await http.post("/v1/integrations", json=MAIL)
    assert made.status_code == 201, made.text
    row = made.json()
    assert (row["category"], row["settings"]["smtp_port"], "mail-password" in made.text) == ("email", 587, False)
    path = f"/v1/integrations/{row['id']}"
    assert (await http.post(f"{path}/test", json={})).json()["account"] == "mail.example.com"
    assert (await http.get(path)).json()["account"] == "mail.example.com"

    await http.post("/v1/agents", json={"agent_id": "shop", "display_name": "Shop", "integrations": {"email": row["id"]}})
    assert (await http.get("/v1/agents/shop")).json()["agent"]["integrations"] == {"email": row["id"]}
    deployed = await http.post("/v1/agents/shop/deploy")
    assert deployed.status_code == 200, deployed.text
    snapshot = (await http.get("/v1/agents/shop/deployments/1")).json()["snapshot"]
    assert snapshot["integrations"] == {"email": row["id"]}
    refused = await http.delete(path)
    assert (refused.status_code, refused.json()["code"], "shop" in refused.json()["detail"]) == (409, "in_use", True)
    await http.patch("/v1/agents/shop", json={"integrations": None})
    assert (await http.delete(path)).status_code == 204
    assert (await http.get(path)).status_code == 404


async def test_the_data_plane_gets_the_secret_sealed(stack: InProcess, tenant: TenantAccess) -> None:
    made = (await tenant.http.post("/v1/integrations", json=MAIL)).json()

    async def stored() -> Any:
        return await stack.kv(INTEGRATIONS, f"{tenant.id}.{made['id']}")

    record = IntegrationRecord.model_validate(await until(stored))
    assert "mail-password" not in record.model_dump_json()
    assert stack.settings.secret_box.open(record.secret_sealed, integration_aad(tenant.id, made["id"])) == "mail-password"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**MAIL, "settings": {**SMTP, "smtp_host": "not a host"}}, "settings.smtp_host"),
        ({**MAIL, "settings": {**SMTP, "surprise": 1}}, "settings.surprise"),
        ({**MAIL, "settings": {**SMTP, "sender_name": "a\r\nBcc: x@y.z"}}, "settings.sender_name"),
        ({**MAIL, "secret": None}, "secret"),
        ({"provider": "google", "name": "Calendar", "secret": "x"}, "provider"),
        ({"provider": "twilio", "name": "W", "settings": {"account_sid": "AC1", "sender": "+14155238886"}, "secret": "x"}, "settings.account_sid"),
    ],
)
async def test_what_is_wrong_is_named(tenant: TenantAccess, body: dict[str, Any], field: str) -> None:
    reply = await tenant.http.post("/v1/integrations", json=body)
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)


async def test_a_stored_secret_goes_to_no_other_server(tenant: TenantAccess) -> None:
    path = f"/v1/integrations/{(await tenant.http.post('/v1/integrations', json=MAIL)).json()['id']}"
    elsewhere = {**MAIL, "settings": {**SMTP, "smtp_host": "mail.attacker.example"}, "secret": None}
    assert (await tenant.http.put(path, json=elsewhere)).json()["errors"][0]["field"] == "secret"
    renamed = await tenant.http.put(path, json={**MAIL, "name": "Front desk", "secret": None})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Front desk")
    assert (await tenant.http.put(path, json={"provider": "twilio", "name": "x"})).status_code == 422


async def test_agents_take_only_what_is_theirs(stack: InProcess, tenant: TenantAccess) -> None:
    stranger = await stack.tenant()
    foreign = (await stranger.http.post("/v1/integrations", json=MAIL)).json()["id"]
    body = {"agent_id": "shop", "display_name": "Shop"}
    refused = await tenant.http.post("/v1/agents", json={**body, "integrations": {"email": foreign}})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "integrations.email")
    own = (await tenant.http.post("/v1/integrations", json=MAIL)).json()["id"]
    assert (await tenant.http.post("/v1/agents", json={**body, "integrations": {"calendar": own}})).status_code == 422


async def test_a_calendar_by_consent(stack: InProcess, tenant: TenantAccess, google: FakeGoogle) -> None:
    browser = await _browser(stack, tenant)
    begun = await browser.post("/v1/integrations/oauth", json={"provider": "google", "name": "Bookings", "settings": {"timezone": "Europe/Brussels"}})
    assert begun.status_code == 200, begun.text
    query = {name: values[0] for name, values in parse_qs(urlsplit(begun.json()["authorize_url"]).query).items()}
    assert (query["access_type"], query["code_challenge_method"], query["client_id"]) == ("offline", "S256", google.client_id)
    callback = {"state": query["state"], "code": "code-1"}

    other = await _browser(stack, await stack.tenant())
    stolen = await other.get("/v1/integrations/oauth/callback", params=callback)
    assert (stolen.status_code, "somebody else" in stolen.text) == (403, True)
    assert (await (await stack.client()).get("/v1/integrations/oauth/callback", params=callback)).status_code == 401
    denied = await browser.get("/v1/integrations/oauth/callback", params={**callback, "error": "access_denied<script>"})
    assert (denied.status_code, "access_denied&lt;script&gt;" in denied.text) == (422, True)
    changed = await browser.get("/v1/integrations/oauth/callback", params={**callback, "state": query["state"][:-2] + "xx"})
    assert "begin again" in changed.text
    refused = await browser.get("/v1/integrations/oauth/callback", params=callback)
    assert "Malformed auth code" in refused.text

    google.grant("code-1")
    connected = await browser.get("/v1/integrations/oauth/callback", params=callback)
    assert (connected.status_code, "Bookings is connected" in connected.text) == (200, True)
    [row] = (await tenant.http.get("/v1/integrations")).json()["integrations"]
    assert (row["category"], row["provider"], row["settings"]["timezone"]) == ("calendar", "google", "Europe/Brussels")
    assert "refresh" not in (await tenant.http.get("/v1/integrations")).text
    again = await browser.get("/v1/integrations/oauth/callback", params=callback)
    assert "Malformed auth code" in again.text, "a code works once"


async def test_without_a_registered_client(tenant: TenantAccess) -> None:
    reply = await tenant.http.post("/v1/integrations/oauth", json={"provider": "microsoft", "name": "Outlook"})
    assert (reply.status_code, reply.json()["code"], "MICROSOFT_CLIENT_ID" in reply.json()["detail"]) == (422, "oauth_not_configured", True)
