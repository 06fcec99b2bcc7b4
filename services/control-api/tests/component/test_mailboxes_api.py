"""Proves M1 M3 I1 AC5: a mailbox is a connected account that an agent reads, and follows it; what is stored of a signature is clean."""

from typing import Any

import pytest
from callstage_contracts.buckets import MAILBOXES, MailboxRecord, integration_aad
from control_api.in_process import InProcess, TenantAccess, until

SERVERS = {"sender": "shop@example.com", "smtp_host": "smtp.example.com", "imap_host": "imap.example.com", "username": "shop@example.com"}
ACCOUNT: dict[str, Any] = {"provider": "smtp", "name": "Shop", "settings": SERVERS, "secret": "mail-password"}
OWN = {"address": "own@example.com", "imap_host": "i.example.com", "smtp_host": "s.example.com", "username": "own", "password": "own-password"}
PATH = "/v1/agents/mail/mailbox"


@pytest.fixture
async def account(tenant: TenantAccess) -> str:
    """An agent, and the id of a mailbox that is connected and not attached."""
    await tenant.http.post("/v1/agents", json={"agent_id": "mail", "display_name": "Mail", "channel": "chat"})
    made = await tenant.http.post("/v1/integrations", json=ACCOUNT)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def _record(stack: InProcess, tenant: TenantAccess, host: str) -> MailboxRecord:
    async def stored() -> Any:
        found = await stack.kv(MAILBOXES, f"{tenant.id}.mail")
        return found if found and MailboxRecord.model_validate(found).imap_host == host else None

    return MailboxRecord.model_validate(await until(stored))


async def test_an_attached_account_brings_its_servers_and_password(stack: InProcess, tenant: TenantAccess, account: str) -> None:
    stored = await tenant.http.put(PATH, json={"integration_id": account, "max_turns": 20, "filters": {"subject_contains": ["order"]}})
    assert stored.status_code == 200, stored.text
    assert "mail-password" not in stored.text
    mailbox = (await tenant.http.get(PATH)).json()["mailbox"]
    assert mailbox == stored.json()["mailbox"]
    assert (mailbox["integration_id"], mailbox["is_attached"], mailbox["address"]) == (account, True, "shop@example.com")
    assert (mailbox["imap_port"], mailbox["imap_security"], mailbox["max_turns"], mailbox["fetch_last_hours"]) == (993, "tls", 20, 3)
    record = await _record(stack, tenant, "imap.example.com")
    assert stack.settings.secret_box.open(record.password_sealed, integration_aad(tenant.id, account)) == "mail-password"


async def test_a_mailbox_follows_its_account(stack: InProcess, tenant: TenantAccess, account: str) -> None:
    await tenant.http.put(PATH, json={"integration_id": account, "forward_to": "team@example.com"})
    moved = {**ACCOUNT, "settings": {**SERVERS, "imap_host": "imap2.example.com"}, "secret": "new-password"}
    assert (await tenant.http.put(f"/v1/integrations/{account}", json=moved)).status_code == 200
    record = await _record(stack, tenant, "imap2.example.com")
    assert stack.settings.secret_box.open(record.password_sealed, integration_aad(tenant.id, account)) == "new-password"
    assert record.forward_to == "team@example.com"

    unread = {**ACCOUNT, "settings": {**SERVERS, "imap_host": ""}}
    refused = await tenant.http.put(f"/v1/integrations/{account}", json=unread)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "settings.imap_host")
    assert "mail" in refused.json()["detail"]
    [listed] = (await tenant.http.get("/v1/integrations")).json()["integrations"]
    assert listed["used_by"] == ["Mail"]
    in_use = await tenant.http.delete(f"/v1/integrations/{account}")
    assert (in_use.status_code, in_use.json()["code"], "mail" in in_use.json()["detail"]) == (409, "in_use", True)
    assert (await tenant.http.delete(PATH)).status_code == 204
    assert (await tenant.http.delete(f"/v1/integrations/{account}")).status_code == 204


async def test_a_stored_password_goes_to_no_other_imap_server(tenant: TenantAccess, account: str) -> None:
    elsewhere = {**ACCOUNT, "settings": {**SERVERS, "imap_host": "imap.attacker.example"}, "secret": None}
    refused = await tenant.http.put(f"/v1/integrations/{account}", json=elsewhere)
    assert refused.json()["errors"][0]["field"] == "secret"


async def test_from_an_account_to_a_login_of_its_own_and_back(tenant: TenantAccess, account: str) -> None:
    await tenant.http.put(PATH, json={"integration_id": account})
    lent = {**OWN, "imap_host": "imap.example.com", "smtp_host": "smtp.example.com", "username": "shop@example.com", "password": None}
    assert (await tenant.http.put(PATH, json=lent)).json()["errors"][0]["field"] == "password", "the account's password is not lent"
    own = (await tenant.http.put(PATH, json=OWN)).json()["mailbox"]
    assert (own["is_attached"], own["integration_id"] == account) == (False, False)
    again = (await tenant.http.put(PATH, json={**OWN, "password": None, "max_turns": 5})).json()["mailbox"]
    assert (again["integration_id"], again["max_turns"]) == (own["integration_id"], 5)
    assert (await tenant.http.put(PATH, json={"integration_id": account})).json()["mailbox"]["is_attached"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "address"),
        ({**OWN, "imap_host": None}, "imap_host"),
        ({**OWN, "password": None}, "password"),
        ({"integration_id": "nobody's"}, "integration_id"),
        ({"integration_id": "{account}", "password": "x"}, "password"),
        ({"integration_id": "{account}", "imap_host": "i.example.com"}, "imap_host"),
        ({"integration_id": "{account}", "forward_to": "nowhere"}, "forward_to"),
        ({"integration_id": "{account}", "max_turns": 0}, "max_turns"),
        ({"integration_id": "{account}", "filters": {"folder": "a\r\nb"}}, "filters.folder"),
        ({"integration_id": "{account}", "filters": {"from_domains": [""]}}, "filters.from_domains.0"),
        ({"integration_id": "{account}", "signature_html": "<img src='http://x.y/l.png'>"}, "signature_html"),
        ({"integration_id": "{account}", "signature_html": "<img src='data:image/png;base64,AAAA'>"}, "signature_html"),
    ],
)
async def test_what_is_wrong_is_named(tenant: TenantAccess, account: str, body: dict[str, Any], field: str) -> None:
    if "integration_id" in body:
        body = {**body, "integration_id": body["integration_id"].replace("{account}", account)}
    reply = await tenant.http.put(PATH, json=body)
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field), reply.text


async def test_accounts_that_cannot_be_read_and_those_of_others(stack: InProcess, tenant: TenantAccess, account: str) -> None:
    sends = {**ACCOUNT, "name": "Sends only", "settings": {name: value for name, value in SERVERS.items() if name != "imap_host"}}
    only = (await tenant.http.post("/v1/integrations", json=sends)).json()["id"]
    refused = await tenant.http.put(PATH, json={"integration_id": only})
    assert (refused.json()["errors"][0]["field"], "no IMAP server" in refused.json()["detail"]) == ("integration_id", True)
    stranger = await stack.tenant()
    await stranger.http.post("/v1/agents", json={"agent_id": "mail", "display_name": "Mail", "channel": "chat"})
    stolen = await stranger.http.put(PATH, json={"integration_id": account})
    assert (stolen.status_code, stolen.json()["errors"][0]["field"]) == (422, "integration_id")


async def test_a_hostile_signature_is_stored_clean(stack: InProcess, tenant: TenantAccess, account: str) -> None:
    hostile = (
        '<p onclick="x()">Anna <b>Shop</b><script>steal()</script></p><a href="javascript:x()">site</a>'
        '<p style="position:fixed;color:#333">+1</p><img src="https://shop.example/l.png" width="4000" onerror="x()"><iframe src="https://x.y"></iframe>'
    )
    clean = (
        '<p>Anna <b>Shop</b></p><a rel="noopener noreferrer">site</a>'
        '<p style="color:#333">+1</p><img src="https://shop.example/l.png" style="max-height:60px">'
    )
    stored = (await tenant.http.put(PATH, json={"integration_id": account, "signature_html": hostile})).json()["mailbox"]
    assert stored["signature_html"] == clean
    assert (await _record(stack, tenant, "imap.example.com")).signature_html == clean
    nothing = (await tenant.http.put(PATH, json={"integration_id": account, "signature_html": "<p></p>"})).json()["mailbox"]
    assert nothing["signature_html"] is None
