"""Proves E7 in a browser: what a visitor does is a call of the owner, and what he only looks at is none."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from callstage_testing.stack import Stack
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.patience import until
from tests.browser.people import api_client
from tests.browser.web_site import Site, embed_tokens, running_site

OPENER = "Open conversation with Bella"
QUESTION, ANSWER = "What are your opening hours?", "eleven in the morning"
Calls = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx2.Client]:
    with api_client(stack) as client:
        yield client


@pytest.fixture
def site(stack: Stack, api: httpx2.Client) -> Iterator[Site]:
    """With the widget for talking and writing on its page."""
    with running_site(stack) as running, embed_tokens(api, stack, running) as make:
        running.shows(make()["token"])
        yield running


@pytest.fixture
def calls(api: httpx2.Client) -> Calls:
    """Those of visitors since the test began, oldest first."""
    began = datetime.now(UTC).isoformat()

    def ask() -> list[dict[str, Any]]:
        found = api.get("/v1/calls", params={"from": began, "agent_id": "pizzeria", "sort": "oldest"}).json()["calls"]
        return [call for call in found if call["channel"] in ("embed", "chat")]

    return ask


def have_ended(calls: Calls, channels: list[str]) -> bool:
    found = calls()
    return [call["channel"] for call in found] == channels and all(call["status"] == "ended" for call in found)


def connections(page: Page) -> int:
    return int(page.evaluate("window.told.filter((event) => event.name === 'connected').length"))


def opened(page: Page, site: Site) -> Page:
    assert site.visit(page) == "ready"
    page.get_by_role("button", name=OPENER).click()
    return page


def test_one_call_for_talking_and_one_for_writing(site: Site, calls: Calls, open_context: OpenContext) -> None:
    page = opened(open_context().new_page(), site)
    log, text = page.get_by_role("log", name="Conversation"), page.get_by_role("textbox", name="Write a message")
    expect(page.get_by_text("Talk to Bella, or write a message.")).to_be_visible()
    # Looking around, and thinking better of it, is no call.
    expect(text).to_be_focused()
    text.fill("Never sent")
    text.fill("")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=OPENER).click()
    assert connections(page) == 0

    page.get_by_role("button", name="Start talking").click()
    expect(log).to_contain_text("Bella:")
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_role("alert")).to_contain_text("The conversation has ended.")
    until(lambda: have_ended(calls, ["embed"]), "one call, spoken")

    text.fill(QUESTION)
    page.keyboard.press("Enter")
    expect(log).to_contain_text(ANSWER)
    assert connections(page) == 2
    # On the next page the conversation stands there, and nothing connects before there is something to say.
    page.reload()
    expect(log).to_contain_text(ANSWER)
    assert connections(page) == 0
    page.close()
    until(lambda: have_ended(calls, ["embed", "chat"]), "two calls, each with something in it")


def test_who_can_only_write_is_greeted(site: Site, calls: Calls, open_context: OpenContext) -> None:
    site.html = site.html.replace('data-embed-token="', 'data-mode="chat" data-embed-token="')
    page = opened(open_context().new_page(), site)
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("Bella:")
    # Somebody who comes back to the page is not greeted again.
    page.reload()
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("Bella:")
    assert connections(page) == 0
    page.close()
    until(lambda: have_ended(calls, ["chat"]), "one call, written")
