"""Proves D4 D6 V8 K5 UI4 in a browser, offline: a draft is written to, shows what it does, is asked another way, and held against tests."""

import re
from collections.abc import Iterator

import pytest
from callstage.stack.demo import AGENT
from callstage_testing.stack import Stack
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.complaints import Complaints
from tests.browser.conftest import OpenContext, signed_in
from tests.browser.people import Person, api_client
from tests.browser.screens import too_wide

AGENT_ID = "tried-draft"
SPOKEN, WRITTEN = "Three small pizzas", "Two large pizzas"
CALLER = "+12025550147"


@pytest.fixture(params=["light", "dark"])
def tab(request: pytest.FixtureRequest, open_context: OpenContext, people: dict[str, Person], stack: Stack, complaints: Complaints) -> Iterator[Page]:
    """The Test tab of an agent that was never deployed. One test is refused by design."""
    page = signed_in(open_context(theme=request.param), people["owner"])
    complaints.excuse(f"/v1/agents/{AGENT_ID}/tests)")
    with api_client(stack) as api:
        api.delete(f"/v1/agents/{AGENT_ID}")
        made = api.post("/v1/agents", json={**AGENT, "agent_id": AGENT_ID})
        assert made.status_code == 201, made.text
        page.goto(f"/agents/{AGENT_ID}/test")
        yield page
        api.delete(f"/v1/agents/{AGENT_ID}")


def test_a_draft_is_tried_and_tested(tab: Page) -> None:
    tab.get_by_role("textbox", name="Phone number").fill(CALLER)
    tab.get_by_role("button", name="Write to the draft").click()
    log = tab.get_by_role("log", name="Conversation")
    expect(log).to_contain_text("What would you like to order?")
    expect(tab.get_by_text("Waiting for you")).to_be_visible()
    say(tab, "I want two large pizzas please")
    it_shows_what_it_does(tab, log, total=26)
    it_explains_the_pause(log)
    is_in_order(tab)
    ask_another_way(tab, log)
    save_as_a_test(tab)
    write_a_test(tab)
    both_pass(tab)
    a_changed_test_fails(tab)


def test_on_a_phone_the_open_tab_is_in_sight(open_context: OpenContext, people: dict[str, Person], stack: Stack) -> None:
    page = signed_in(open_context(width=360, height=740), people["owner"])
    for path, name in (("test", "Test"), ("stages", "Stages")):
        page.goto(f"/agents/{stack.dev['agent_id']}/{path}")
        expect(page.get_by_role("navigation", name="Agent").get_by_role("link", name=name)).to_be_in_viewport(ratio=1)


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="What you say to the agent").fill(text)
    page.keyboard.press("Enter")


def it_shows_what_it_does(page: Page, log: Locator, total: int) -> None:
    expect(log).to_contain_text("Moved from order to checkout by price_order")
    tool = log.get_by_role("article", name="Tool price_order")
    tool.get_by_role("button", name=re.compile("price_order")).click()
    expect(tool.get_by_role("region", name="Arguments")).to_contain_text("quantity")
    expect(tool.get_by_role("region", name="Result")).to_contain_text(f'"total": {total}')
    now = page.get_by_role("region", name="Now")
    for shown in ("checkout", "{quantity}", "{caller_phone}", CALLER):
        expect(now).to_contain_text(shown)
    expect(page.get_by_text("Waiting for you")).to_be_visible()


def it_explains_the_pause(log: Locator) -> None:
    log.get_by_role("button", name=re.compile("^Answered after")).click()
    figure = log.get_by_role("figure").filter(visible=True)
    for part in ("Language model", "price_order", "In all", "from the message to the first words"):
        expect(figure).to_contain_text(part)


def ask_another_way(page: Page, log: Locator) -> None:
    log.get_by_role("button", name=re.compile("^Edit “I want two large")).click()
    field = log.get_by_role("textbox", name="Say instead")
    field.fill("I want three small pizzas please")
    field.press("Enter")
    expect(log).to_contain_text("said before")
    it_shows_what_it_does(page, log, total=24)
    expect(log).not_to_contain_text("two large")


def is_in_order(page: Page) -> None:
    """For axe, and on a telephone."""
    found = violations(page)
    page.set_viewport_size({"width": 360, "height": 740})
    found += too_wide(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    assert found == [], "\n".join(found)


def save_as_a_test(page: Page) -> None:
    page.get_by_role("button", name="Save as a test").click()
    dialog = page.get_by_role("dialog", name="Save as a test")
    dialog.get_by_role("textbox", name="Name").fill(SPOKEN)
    dialog.get_by_role("button", name="Save the test").click()
    expect(page.get_by_role("region", name="Tests")).to_contain_text(SPOKEN)


def write_a_test(page: Page) -> None:
    """The stage that the steps lead to is filled in; what the API finds wrong stands at its field."""
    page.get_by_role("button", name="Write a test").click()
    dialog = page.get_by_role("dialog", name="Write a test")
    dialog.get_by_role("textbox", name="Name").fill(WRITTEN)
    add = dialog.get_by_role("group", name="Add a step")
    for kind in ("The caller says", "A tool is called"):
        add.get_by_role("button", name=kind).click()
    dialog.get_by_role("combobox", name="Tool").click()
    page.get_by_role("option", name="price_order").click()
    dialog.get_by_role("textbox", name="Result").fill('{"total": 26, "quantity": 2, "size": "large"}')
    add.get_by_role("button", name="The stage is").click()
    expect(dialog.get_by_role("combobox", name="The stage is")).to_have_value("checkout")
    dialog.get_by_role("button", name="Save the test").click()
    words = dialog.get_by_role("textbox", name="The caller says")
    expect(words).to_have_attribute("aria-invalid", "true")
    expect(words).to_be_focused()
    is_in_order(page)
    words.fill("Two large ones, please")
    dialog.get_by_role("button", name="Save the test").click()
    expect(dialog).to_have_count(0)


def both_pass(page: Page) -> None:
    tests = page.get_by_role("region", name="Tests")
    tests.get_by_role("button", name="Run all 2 tests").click()
    expect(tests.get_by_label("Passed")).to_have_count(2)
    expect(tests.get_by_text("All tests passed.")).to_be_attached()


def a_changed_test_fails(page: Page) -> None:
    page.get_by_role("button", name=f"Change the test {WRITTEN}").click()
    dialog = page.get_by_role("dialog", name="Change the test")
    dialog.get_by_role("combobox", name="The stage is").click()
    page.get_by_role("option", name="order", exact=True).click()
    dialog.get_by_role("button", name="Save the test").click()
    expect(dialog).to_have_count(0)
    tests = page.get_by_role("region", name="Tests")
    tests.get_by_role("button", name="Run all 2 tests").click()
    expect(tests).to_contain_text("Goes another way in 1 place")
    expect(tests.get_by_label("Passed")).to_have_count(1)
