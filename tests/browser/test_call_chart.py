"""Proves K2 UI1 UI4: the chart of calls over time follows the filter, dragging across it sets the filter, and its table does so with the keyboard."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from callstage_testing.stack import Stack
from playwright.sync_api import Locator, Page, expect

from tests.browser.many_calls import many_calls

DAY_S = 86_400.0
TITLE = "Response time and calls"


@pytest.fixture(scope="module")
def past(stack: Stack) -> Iterator[None]:
    """Twelve calls a day for three weeks."""
    dev = stack.dev
    with many_calls(dev["postgres_url"], dev["tenant_id"], dev["agent_id"], 252, every_s=DAY_S / 12):
        yield


@pytest.fixture
def calls(manager: Page, past: None) -> Page:
    """The page of calls, with its chart."""
    manager.goto("/calls")
    expect(_chart(manager)).to_be_visible()
    return manager


def _chart(page: Page) -> Locator:
    return page.get_by_role("img", name=re.compile(r"\d+ calls, \d+ failed, response time p50"))


def _span(page: Page) -> tuple[str, str]:
    query = parse_qs(urlsplit(page.url).query)
    return query["from"][0], query["to"][0]


def test_dragging_across_the_chart_narrows_the_list_and_back_widens_it(calls: Page) -> None:
    place = _chart(calls).bounding_box()
    assert place is not None
    middle = place["y"] + place["height"] / 2
    calls.mouse.move(place["x"] + place["width"] * 0.4, middle)
    expect(calls.get_by_role("term").filter(has_text="Day")).to_be_visible()
    calls.mouse.down()
    calls.mouse.move(place["x"] + place["width"] * 0.6, middle, steps=5)
    calls.mouse.up()
    expect(calls).to_have_url(re.compile("from=.*to="))
    start, end = _span(calls)
    assert start < end
    table = calls.get_by_role("table", name="Calls, newest first")
    expect(table).not_to_contain_text("hours ago")
    expect(calls.get_by_label("When", exact=True).first).not_to_have_value("")
    calls.go_back()
    expect(table).to_contain_text("hours ago")


def test_a_row_of_the_table_narrows_the_list_with_the_keyboard(calls: Page) -> None:
    calls.get_by_role("radio", name="Chart").focus()
    calls.keyboard.press("ArrowRight")
    rows = calls.get_by_role("region", name=f"{TITLE} by day")
    rows.focus()
    calls.keyboard.press("ArrowDown")
    calls.keyboard.press("ArrowDown")
    expect(rows.get_by_role("link").nth(1)).to_be_focused()
    calls.keyboard.press("Enter")
    expect(calls).to_have_url(re.compile("from=.*to="))
    expect(calls.get_by_role("region", name=f"{TITLE} by hour")).to_be_visible()


def test_it_stays_closed_for_who_closed_it_and_says_when_there_is_nothing(calls: Page) -> None:
    calls.goto("/calls?q=nobody-said-this")
    expect(calls.get_by_text("No call began in this span")).to_be_visible()
    toggle = calls.get_by_role("button", name=TITLE)
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "false")
    calls.goto("/calls")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(_chart(calls)).to_have_count(0)
