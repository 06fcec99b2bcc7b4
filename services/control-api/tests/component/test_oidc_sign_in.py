"""Proves AC1 AC6 T7: signing in with OpenID Connect over real HTTP to a provider: who may enter, who not, and that an answer works once."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.oidc import FakeOidc
from control_api.in_process import InProcess, TenantAccess, in_process
from control_api.settings import ControlApiSettings

CSRF = {"x-callstage-csrf": "1"}
START = "/v1/auth/oidc/start"


@pytest.fixture
async def provider() -> AsyncIterator[FakeOidc]:
    async with FakeOidc() as fake:
        yield fake


@pytest.fixture
async def stack(make_settings: Callable[..., ControlApiSettings], provider: FakeOidc) -> AsyncIterator[InProcess]:
    settings = make_settings(
        oidc_issuer=provider.base_url,
        oidc_client_id=provider.client_id,
        oidc_client_secret=provider.client_secret,
        oidc_label="Test provider",
        public_url="http://test",
    )
    async with in_process(settings) as running:
        yield running


async def _to_provider(browser: httpx2.AsyncClient, email: str, *, answer: str = "allow", next_path: str = "/") -> str:
    """Where the provider sends the browser back to, after its page was filled in."""
    started = await browser.get(START, params={"next": next_path})
    assert started.status_code == 303, started.text
    async with httpx2.AsyncClient() as outside:
        page = await outside.get(started.headers["location"])
        assert page.status_code == 200, page.text
        decided = await outside.post(started.headers["location"], data={"email": email, "answer": answer})
    assert decided.status_code == 302, decided.text
    return decided.headers["location"]


async def _sign_in(stack: InProcess, email: str, **options: str) -> tuple[httpx2.AsyncClient, httpx2.Response]:
    browser = await stack.client()
    return browser, await browser.get(await _to_provider(browser, email, **options))


def _reason(reply: httpx2.Response) -> str:
    assert reply.status_code == 303, reply.text
    address = urlsplit(reply.headers["location"])
    assert address.path == "/sign-in", address
    assert "callstage_session" not in reply.headers.get("set-cookie", "")
    return parse_qs(address.query)["refused"][0]


async def _audit(tenant: TenantAccess) -> list[dict[str, Any]]:
    return [entry for entry in (await tenant.http.get("/v1/audit")).json()["entries"] if entry["action"].startswith("user.")]


async def test_a_user_enters_with_the_session_of_a_password(stack: InProcess, tenant: TenantAccess, provider: FakeOidc) -> None:
    anonymous = await stack.client()
    assert (await anonymous.get("/v1/auth/ways")).json() == {"oidc": {"label": "Test provider", "start_path": START}}
    browser, reply = await _sign_in(stack, tenant.email.upper(), next_path="/calls?q=1")
    assert (reply.status_code, reply.headers["location"]) == (303, "/calls?q=1")
    cookies = [cookie.lower() for cookie in reply.headers.get_list("set-cookie")]
    assert len(cookies) == 2, cookies
    assert all("httponly" in cookie and "samesite=lax" in cookie for cookie in cookies)
    me = (await browser.get("/v1/me")).json()
    assert (me["kind"], me["name"], me["role"], me["tenant_id"]) == ("user", tenant.email, "owner", tenant.id)
    body = {"agent_id": "a", "display_name": "A"}
    assert (await browser.post("/v1/agents", json=body)).json()["code"] == "csrf_header_missing"
    assert (await browser.post("/v1/agents", json=body, headers=CSRF)).status_code == 201
    linked = [entry for entry in await _audit(tenant) if entry["action"] == "user.linked"]
    assert [(entry["actor_name"], entry["after"]["issuer"]) for entry in linked] == [(tenant.email, provider.base_url)]
    session = browser.cookies["callstage_session"]
    assert (await browser.post("/v1/auth/logout")).status_code == 204
    assert (await (await stack.client(cookie=f"callstage_session={session}")).get("/v1/me")).status_code == 401
    # A second time needs no second link.
    assert (await _sign_in(stack, tenant.email))[1].headers["location"] == "/"
    assert len([entry for entry in await _audit(tenant) if entry["action"] == "user.linked"]) == 1


async def test_the_account_and_no_longer_the_address_says_who(stack: InProcess, tenant: TenantAccess, provider: FakeOidc) -> None:
    other = await stack.tenant()
    provider.accounts[tenant.email] = {"sub": f"first-{tenant.id}"}
    assert (await _sign_in(stack, tenant.email))[1].headers["location"] == "/"
    # The account gets another user's address: it stays who it is.
    provider.accounts[other.email] = {"sub": f"first-{tenant.id}"}
    browser, reply = await _sign_in(stack, other.email)
    assert reply.headers["location"] == "/"
    assert (await browser.get("/v1/me")).json()["tenant_id"] == tenant.id
    # Another account gets this user's address: it is nobody.
    provider.accounts[tenant.email] = {"sub": f"second-{tenant.id}"}
    assert _reason((await _sign_in(stack, tenant.email))[1]) == "no_account"
    # Until an owner unlinks the one before.
    user = (await tenant.http.get("/v1/users")).json()["users"][0]
    assert (await other.http.delete(f"/v1/users/{user['id']}/identities")).status_code == 404
    assert (await tenant.http.delete(f"/v1/users/{user['id']}/identities")).status_code == 204
    assert (await browser.get("/v1/me")).status_code == 401, "unlinking signs out"
    assert (await _sign_in(stack, tenant.email))[1].headers["location"] == "/"
    assert {"user.linked", "user.unlinked"} <= {entry["action"] for entry in await _audit(tenant)}


async def test_who_is_no_user_stays_outside(stack: InProcess, tenant: TenantAccess, provider: FakeOidc) -> None:
    stranger = f"{secrets.token_hex(6)}@example.com"
    assert _reason((await _sign_in(stack, stranger))[1]) == "no_account"
    for email_verified in (False, "true", None):
        provider.accounts[tenant.email] = {"email_verified": email_verified, "sub": secrets.token_hex(6)}
        assert _reason((await _sign_in(stack, tenant.email))[1]) == "unverified"
    provider.accounts.clear()
    made = await tenant.http.post("/v1/users", json={"email": stranger})
    assert (made.status_code, made.json()["has_password"]) == (201, False)
    browser, reply = await _sign_in(stack, stranger)
    assert reply.headers["location"] == "/"
    assert (await browser.get("/v1/me")).json()["role"] == "viewer"
    own = await browser.patch("/v1/me/account", json={"password": "a password of my own", "current_password": ""}, headers=CSRF)
    assert (own.status_code, own.json()["errors"][0]["field"]) == (422, "password")
    for password in ("", "nobody has this password"):
        wrong = await (await stack.client()).post("/v1/auth/login", json={"email": stranger, "password": password})
        assert wrong.status_code == 401, "without a password no password signs in"
    await tenant.http.patch(f"/v1/users/{made.json()['id']}", json={"is_active": False})
    assert (await browser.get("/v1/me")).status_code == 401
    assert _reason((await _sign_in(stack, stranger))[1]) == "no_account"
    assert (await tenant.http.delete(f"/v1/users/{made.json()['id']}")).status_code == 204
    assert _reason((await _sign_in(stack, stranger))[1]) == "no_account"


async def test_an_answer_works_once_and_in_its_own_browser(stack: InProcess, tenant: TenantAccess, provider: FakeOidc) -> None:
    provider.takes_codes_again = True
    browser = await stack.client()
    back = await _to_provider(browser, tenant.email)
    cookie = browser.cookies["callstage_oidc"]
    stolen = await (await stack.client()).get(back)
    assert _reason(stolen) == "expired", "a link with an answer signs nobody in"
    assert (await browser.get(back)).headers["location"] == "/"
    assert "callstage_oidc" not in browser.cookies
    replayed = await stack.client(cookie=f"callstage_oidc={cookie}")
    assert _reason(await replayed.get(back)) == "expired"
    assert _reason(await browser.get(re.sub(r"state=[^&]+", "state=other", back))) == "expired"
    begun = await stack.client()
    await begun.get(START)
    assert _reason(await begun.get(back)) == "expired", "the answer of another attempt"


async def test_the_provider_refuses_a_code_that_another_attempt_got(stack: InProcess, tenant: TenantAccess) -> None:
    """PKCE: a code that was stolen is worth nothing in the thief's own attempt."""
    victim, thief = await stack.client(), await stack.client()
    stolen = parse_qs(urlsplit(await _to_provider(victim, tenant.email)).query)["code"][0]
    own = await _to_provider(thief, "thief@example.com")
    assert _reason(await thief.get(re.sub(r"code=[^&]+", f"code={stolen}", own))) == "expired"


@pytest.mark.parametrize(
    "spoiled", [{"iss": "https://evil.example"}, {"aud": "other"}, {"exp": 1}, {"iat": 1}, {"nonce": "other"}, {"sub": ""}, {"azp": "other"}]
)
async def test_a_wrong_token_signs_nobody_in(stack: InProcess, tenant: TenantAccess, provider: FakeOidc, spoiled: dict[str, Any]) -> None:
    provider.spoiled = spoiled
    assert _reason((await _sign_in(stack, tenant.email))[1]) == "provider"


async def test_the_person_says_no_or_the_answer_is_of_another_provider(stack: InProcess, tenant: TenantAccess) -> None:
    browser, reply = await _sign_in(stack, tenant.email, answer="deny", next_path="/calls")
    assert _reason(reply) == "declined"
    assert parse_qs(urlsplit(reply.headers["location"]).query)["next"] == ["/calls"]
    back = await _to_provider(browser, tenant.email)
    assert _reason(await browser.get(re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", back))) == "provider"
    back = await _to_provider(browser, tenant.email)
    assert _reason(await browser.get(re.sub(r"&iss=[^&]+", "", back))) == "provider", "the provider promised to name itself"


async def test_keys_change_and_secrets_travel_as_the_provider_wants(stack: InProcess, tenant: TenantAccess, provider: FakeOidc) -> None:
    assert (await _sign_in(stack, tenant.email))[1].headers["location"] == "/"
    assert (await _sign_in(stack, tenant.email))[1].headers["location"] == "/"
    assert len(provider.received("/jwks")) == len(provider.received("openid-configuration")) == 1, "kept"
    provider.rotate()
    assert (await _sign_in(stack, tenant.email))[1].headers["location"] == "/"
    assert len(provider.received("/jwks")) == 2


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"]])
async def test_an_address_that_only_userinfo_tells(stack: InProcess, tenant: TenantAccess, provider: FakeOidc, methods: list[str]) -> None:
    provider.hides_email, provider.auth_methods = True, methods
    assert (await _sign_in(stack, tenant.email))[1].headers["location"] == "/"
    assert len(provider.received("/userinfo")) == 1
    assert (await _sign_in(stack, tenant.email))[1].headers["location"] == "/"
    assert len(provider.received("/userinfo")) == 1, "who is linked needs no address"
    other = await stack.tenant()
    provider.hides_email, provider.spoiled = False, {"email_verified": None}
    assert (await _sign_in(stack, other.email))[1].headers["location"] == "/", "whether it is verified may be told there, too"


async def test_a_provider_that_fails_leads_back_to_the_sign_in_page(stack: InProcess, tenant: TenantAccess, provider: FakeOidc) -> None:
    browser = await stack.client()
    provider.faults.add(Fault(status=503), when=lambda exchange: "openid-configuration" in exchange.path)
    assert _reason(await browser.get(START)) == "provider"
    back = await _until_started(browser, tenant.email)
    provider.faults.add(Fault(raw_body=b"<html>"), when=lambda exchange: exchange.path == "/token")
    assert _reason(await browser.get(back)) == "provider"


async def _until_started(browser: httpx2.AsyncClient, email: str) -> str:
    """A provider that failed is left alone for a few seconds."""
    async with asyncio.timeout(15):
        while "/sign-in" in (await browser.get(START)).headers["location"]:
            await asyncio.sleep(0.2)
    return await _to_provider(browser, email)


async def test_an_account_that_is_refused_again_and_again_waits(stack: InProcess) -> None:
    stranger = f"{secrets.token_hex(6)}@example.com"
    reasons = [_reason((await _sign_in(stack, stranger))[1]) for _ in range(11)]
    assert reasons == ["no_account"] * 10 + ["busy"]


@pytest.mark.parametrize("next_path", ["//evil.example", "https://evil.example", "/\\evil.example", "/\tevil", "/sign-in"])
async def test_nobody_is_sent_to_another_site(stack: InProcess, tenant: TenantAccess, next_path: str) -> None:
    assert (await _sign_in(stack, tenant.email, next_path=next_path))[1].headers["location"] == "/"


async def test_an_installation_without_a_provider(make_settings: Callable[..., ControlApiSettings]) -> None:
    async with in_process(make_settings()) as plain:
        browser, tenant = await plain.client(), await plain.tenant()
        assert (await browser.get("/v1/auth/ways")).json() == {"oidc": None}
        for path in (START, "/v1/auth/oidc/callback", "/v1/auth/oidc/callback?code=a&state=b"):
            reply = await browser.get(path)
            assert (reply.status_code, reply.json()["code"]) == (404, "oidc_not_configured"), path
            assert "CALLSTAGE_OIDC_ISSUER" in reply.json()["detail"]
        refused = await tenant.http.post("/v1/users", json={"email": "someone@example.com"})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "password")


async def test_a_provider_inside_the_network_needs_the_operators_word(make_settings: Callable[..., ControlApiSettings], provider: FakeOidc) -> None:
    settings = make_settings(oidc_issuer=provider.base_url, oidc_client_id="callstage", egress_allow="")
    async with in_process(settings) as closed:
        assert _reason(await (await closed.client()).get(START)) == "provider"
    assert not provider.requests
