"""Proves AC1 UI4 in a browser, on a platform with a provider: OpenID Connect leads to the page that was wanted, or back with a reason."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from callstage_testing.stack import Stack, running_stack
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.complaints import Complaints
from tests.browser.conftest import OpenContext, contexts

LABEL = "Test provider"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The platform with a provider, which runs as a process of its own."""
    command = [sys.executable, "-m", "callstage_testing.fakes", "--oidc", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as provider:
        assert provider.stdout is not None
        try:
            env = {
                "CALLSTAGE_OIDC_ISSUER": json.loads(provider.stdout.readline())["oidc"],
                "CALLSTAGE_OIDC_CLIENT_ID": "callstage",
                "CALLSTAGE_OIDC_CLIENT_SECRET": "oidc-secret",
                "CALLSTAGE_OIDC_LABEL": LABEL,
            }
            with running_stack(tmp_path_factory.mktemp("oidc"), env=env) as running:
                yield running
        finally:
            provider.terminate()


@pytest.fixture
def open_context(browser: Browser, stack: Stack, complaints: Complaints) -> Iterator[OpenContext]:
    complaints.excuse("/v1/me")  # A stranger before signing in.
    with contexts(browser, stack.dev["control_api"], complaints) as made:
        yield made


def _answer(page: Page, email: str, button: str = "Continue") -> None:
    expect(page.get_by_role("heading", name=LABEL)).to_be_visible()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name=button).click()


def test_from_the_button_to_the_page_that_was_wanted(open_context: OpenContext, stack: Stack) -> None:
    page = open_context().new_page()
    page.goto("/calls?q=pizza")
    page.get_by_role("textbox", name="E-mail").focus()
    button = page.get_by_role("link", name=f"Sign in with {LABEL}")
    for _ in range(4):  # E-mail, password, its eye, `Sign in`, and then the button.
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    _answer(page, stack.dev["admin_email"])
    expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()
    assert page.url == f"{stack.dev['control_api']}/calls?q=pizza"
    names = {cookie.get("name"): cookie for cookie in page.context.cookies()}
    assert set(names) == {"callstage_session"}, "the attempt's cookie is gone"
    assert (names["callstage_session"].get("httpOnly"), names["callstage_session"].get("sameSite")) == (True, "Lax")
    page.get_by_role("button", name=stack.dev["admin_email"]).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Callstage")).to_be_visible()
    expect(button).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_refusal_leads_back_and_says_why(open_context: OpenContext, theme: str) -> None:
    page = open_context(theme, width=360, height=740).new_page()
    page.goto("/sign-in?next=/calls")
    button = page.get_by_role("link", name=f"Sign in with {LABEL}")
    button.click()
    _answer(page, "stranger@example.com")
    expect(page.get_by_role("alert")).to_contain_text("has no access here")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button.click()
    _answer(page, "", "Cancel")
    expect(page.get_by_role("alert")).to_contain_text(f"You stopped signing in with {LABEL}")
    assert "next=%2Fcalls" in page.url, "what was wanted is still known"
