"""Proves E4 E5 E6 E7 in a browser: where the widget may not be it stays hidden, and the page has no error."""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from callstage_testing.stack import Stack
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import OpenContext
from tests.browser.patience import until
from tests.browser.people import api_client
from tests.browser.web_site import Site, is_known, running_site

EMAIL = "anna@customer.example"
OPENER = "Open conversation with Bella"


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx2.Client]:
    with api_client(stack) as client:
        yield client


@pytest.fixture(scope="module")
def site(stack: Stack) -> Iterator[Site]:
    with running_site(stack) as running:
        yield running


Made = dict[str, Any]
MakeToken = Callable[..., Made]


@pytest.fixture
def make_token(api: httpx2.Client, stack: Stack, site: Site) -> Iterator[MakeToken]:
    """An embed token that the gateway knows, with its shared secret as `secret`."""
    made: list[str] = []

    def make(**body: Any) -> Made:
        reply = api.post("/v1/embed-tokens", json={"label": "Refusals", "agent_id": "pizzeria", "allowed_origins": [site.origin], **body})
        assert reply.status_code == 201, reply.text
        token: Made = reply.json()
        made.append(token["id"])
        secret = api.post(f"/v1/embed-tokens/{token['id']}/reveal-secret").json()["shared_secret"]
        until(lambda: is_known(stack, token["token"]), "the gateways know the token")
        return {**token, "secret": secret}

    yield make
    for token_id in made:
        api.delete(f"/v1/embed-tokens/{token_id}")


def vouched(secret: str, email: str = EMAIL, age_s: int = 0) -> dict[str, str]:
    """What the site's server says of its visitor, as attributes of the page (rule E4)."""
    moment = int(time.time()) - age_s
    return {
        "user_email": email,
        "user_hash": hmac.new(secret.encode(), f"{email}|{moment}".encode(), hashlib.sha256).hexdigest(),
        "user_ts": str(moment),
    }


@pytest.fixture
def visitor(open_context: OpenContext, complaints: Complaints) -> Callable[[], Page]:
    """Somebody new on the site; a refused exchange is a line of Chromium's own on the console, and nothing else may be there."""
    complaints.excuse("/api/embed/session")
    return lambda: open_context().new_page()


def is_hidden(page: Page, site: Site) -> bool:
    told = site.visit(page)
    expect(page.get_by_role("heading", name="Corner shop")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    return told == "hidden"


def test_another_origin(site: Site, make_token: MakeToken, visitor: Callable[[], Page]) -> None:
    site.shows(make_token(allowed_origins=["https://elsewhere.example.com"])["token"])
    assert is_hidden(visitor(), site)


def test_an_unknown_token(site: Site, visitor: Callable[[], Page]) -> None:
    site.shows("emb_nobody_made_this")
    assert is_hidden(visitor(), site)


def test_a_disabled_token_ends_its_conversations(site: Site, api: httpx2.Client, make_token: MakeToken, visitor: Callable[[], Page]) -> None:
    token = make_token()
    site.shows(token["token"], mode="chat")
    page = visitor()
    assert site.visit(page) == "ready"
    page.get_by_role("button", name=OPENER).click()
    page.wait_for_function("window.told.some((event) => event.name === 'connected')")
    assert api.patch(f"/v1/embed-tokens/{token['id']}", json={"is_active": False}).status_code == 200
    page.wait_for_function("window.told.some((event) => event.name === 'ended')")
    expect(page.get_by_role("alert")).to_contain_text("Bella is not available at the moment.")
    until(lambda: all(site.opens(token["token"]).status_code != 200 for _ in range(5)), "the token is refused everywhere")
    assert is_hidden(visitor(), site)


def test_a_stranger_where_visitors_must_be_known(site: Site, make_token: MakeToken, visitor: Callable[[], Page]) -> None:
    token = make_token(require_authentication=True)
    site.shows(token["token"])
    assert is_hidden(visitor(), site)
    site.identity = {}
    site.shows(token["token"], identity_url="/identity")
    assert is_hidden(visitor(), site)
    site.shows(token["token"], **vouched("not the secret"))
    assert is_hidden(visitor(), site)
    site.shows(token["token"], **vouched(token["secret"], age_s=180))
    assert is_hidden(visitor(), site)


def test_a_hash_opens_one_session(site: Site, make_token: MakeToken, visitor: Callable[[], Page]) -> None:
    token = make_token(require_authentication=True)
    site.shows(token["token"], **vouched(token["secret"]))
    first = visitor()
    assert site.visit(first) == "ready"
    expect(first.get_by_role("button", name=OPENER)).to_be_visible()
    assert is_hidden(visitor(), site)
    # The visitor whose it was goes on with the session that the tab kept.
    first.reload()
    expect(first.get_by_role("button", name=OPENER)).to_be_visible()


KEPT = "([key, changes]) => sessionStorage.setItem(key, JSON.stringify({...JSON.parse(sessionStorage.getItem(key)), ...changes}))"


def test_a_forged_and_an_expired_session(site: Site, make_token: MakeToken, visitor: Callable[[], Page], complaints: Complaints) -> None:
    token = make_token()["token"]
    site.shows(token, mode="chat")
    page = visitor()
    assert site.visit(page) == "ready"
    key = f"callstage:session:{token}:"
    forged = page.evaluate("key => JSON.parse(sessionStorage.getItem(key)).sessionToken", key)[:-4] + "AAAA"
    page.evaluate(KEPT, [key, {"sessionToken": forged}])
    page.reload()
    page.get_by_role("button", name=OPENER).click()
    expect(page.get_by_role("alert")).to_contain_text("Bella is not available at the moment.")
    # Not tried again by itself (rule E7); a new conversation begins with a new session.
    assert page.evaluate("window.told.filter((event) => event.name === 'ended').length") == 1
    page.get_by_role("button", name="New conversation").click()
    page.wait_for_function("window.told.some((event) => event.name === 'connected')")

    page.evaluate(KEPT, [key, {"sessionToken": forged, "expiresAt": 0}])
    with page.expect_response("**/api/embed/session") as renewed:
        page.reload()
    assert renewed.value.status == 200
    expect(page.get_by_role("textbox", name="Write a message")).to_be_visible()


def test_a_session_token_is_no_key_of_another_page(stack: Stack, site: Site, make_token: MakeToken, open_context: OpenContext) -> None:
    opened = site.opens(make_token()["token"]).json()
    context: BrowserContext = open_context()
    with running_site(stack) as thief:
        thief.html = "<!doctype html><title>Thief</title><h1>Thief</h1>"
        page = context.new_page()
        page.goto(thief.origin)
        code = page.evaluate(
            "url => new Promise((done) => { new WebSocket(url).onclose = (event) => done(event.code); })",
            f"{opened['ws_url']}?token={opened['session_token']}",
        )
    assert code == 4001
