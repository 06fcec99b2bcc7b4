"""Proves AC1 on the real stack: the session is a cookie for the browser alone, changes need a header, guessing is slowed down, the page is strict."""

import re
from uuid import uuid4

from callstage_testing.stack import Stack
from playwright.sync_api import Page, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import OpenContext, signed_in
from tests.browser.people import Person


def test_the_session_cookie_is_for_the_browser_alone(manager: Page) -> None:
    [cookie] = manager.context.cookies()
    assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Lax")
    manager.goto("/")
    expect(manager.get_by_role("heading", name="Agents")).to_be_visible()
    assert manager.evaluate("document.cookie") == ""
    assert cookie.get("value", "?") not in manager.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_a_change_without_the_header_is_refused(manager: Page) -> None:
    for method, path in (
        ("POST", "/v1/agents"),
        ("PATCH", "/v1/agents/pizzeria"),
        ("DELETE", "/v1/agents/pizzeria"),
        ("PUT", "/v1/providers/openai"),
    ):
        reply = manager.context.request.fetch(path, method=method, data={})
        assert (reply.status, reply.json()["code"]) == (403, "csrf_header_missing"), f"{method} {path}"


def test_a_form_of_another_site_has_no_session(manager: Page, stack: Stack, complaints: Complaints) -> None:
    complaints.excuse("/v1/agents")
    form = f'<form method="post" action="{stack.dev["control_api"]}/v1/agents"><button>Win a prize</button></form>'
    manager.route("http://elsewhere.test/", lambda route: route.fulfill(body=form, content_type="text/html"))
    manager.goto("http://elsewhere.test/")
    with manager.expect_response("**/v1/agents") as reply:
        manager.get_by_role("button", name="Win a prize").click()
    assert reply.value.status == 401
    assert "cookie" not in reply.value.request.all_headers()


def test_guessing_a_password_is_slowed_down(open_context: OpenContext, stack: Stack, complaints: Complaints) -> None:
    complaints.excuse("/v1/auth/login")
    complaints.excuse("/v1/me")
    page = open_context().new_page()
    email = f"{uuid4().hex}@browser.example.com"
    replies = [page.request.post(f"{stack.dev['control_api']}/v1/auth/login", data={"email": email, "password": f"guess {n}"}) for n in range(11)]
    assert [reply.status for reply in replies] == [401] * 10 + [429]
    assert int(replies[-1].headers["retry-after"]) > 0
    page.goto("/sign-in")
    page.get_by_role("textbox", name="E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill("guess again")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Too many failed tries")
    expect(page.get_by_role("button", name="Wait")).to_be_disabled()


def test_scripts_come_from_here_alone(manager: Page, complaints: Complaints) -> None:
    for path in ("/", "/calls", "/sign-in", "/settings/profile"):
        reply = manager.goto(path)
        assert reply is not None
        parts = [part.strip().partition(" ") for part in reply.headers["content-security-policy"].split(";")]
        directives = {name: sources for name, _, sources in parts}
        assert directives["script-src"] == "'self'", path
        assert (directives["default-src"], directives["base-uri"], directives["frame-ancestors"]) == ("'none'", "'none'", "'none'")
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert re.search(r"<script(?![^>]*\bsrc=)", reply.text()) is None, path
    assert complaints.open == []
    complaints.excuse("Content Security Policy")
    manager.evaluate("() => { const own = document.createElement('script'); own.textContent = 'window.ran = true'; document.body.append(own); }")
    assert manager.evaluate("window.ran") is None


def test_signing_out_ends_the_session(open_context: OpenContext, people: dict[str, Person], complaints: Complaints) -> None:
    complaints.excuse("/v1/me")
    page = signed_in(open_context(), people["viewer"])
    [kept] = page.context.cookies()
    page.goto("/")
    page.get_by_role("button", name="Viewer, viewer: your menu").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Callstage")).to_be_visible()
    # Somebody who copied the cookie has nothing.
    page.context.add_cookies([{"name": kept.get("name", ""), "value": kept.get("value", ""), "url": page.url}])
    assert page.context.request.get("/v1/me").status == 401
