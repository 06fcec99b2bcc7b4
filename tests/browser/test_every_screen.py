"""Proves UI1 UI4: every screen opens without complaint, fits 360 px, and axe finds nothing against WCAG 2.2 AA, in light and dark."""

from collections.abc import Iterator
from typing import Any

import pytest
from callstage_testing.stack import Stack
from playwright.sync_api import Browser, Page

from tests.browser.axe import violations
from tests.browser.complaints import Complaints
from tests.browser.conftest import contexts, signed_in
from tests.browser.furnish import Furnished
from tests.browser.people import Person
from tests.browser.screens import SCREENS, SIGN_IN, Screen, show, too_wide

WIDE, NARROW = 1440, 360


@pytest.fixture(scope="module")
def heard(stack: Stack) -> Complaints:
    """That an agent has none of something is a 404 of the API, and Chromium notes it."""
    heard = Complaints()
    for optional in ("backend", "mailbox"):
        heard.excuse(f"status of 404 (Not Found) ({stack.dev['control_api']}/v1/agents/pizzeria/{optional})")
    return heard


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, stack: Stack, people: dict[str, Person], heard: Complaints) -> Iterator[Page]:
    """One page for all screens of a theme."""
    with contexts(browser, stack.dev["control_api"], heard) as open_context:
        yield signed_in(open_context(theme=request.param), people["owner"])


def _check(page: Page, screen: Screen, furnished: Furnished, heard: Complaints) -> None:
    page.set_viewport_size({"width": WIDE, "height": 900})
    heard.take()
    show(page, screen, furnished)
    found: list[Any] = violations(page)
    page.set_viewport_size({"width": NARROW, "height": 740})
    found += too_wide(page)
    found += [line for line in heard.take() if not (screen.name == "call-missing" and "404" in line)]
    assert found == [], "\n".join(map(str, found))


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_screen_is_in_order(themed: Page, screen: Screen, furnished: Furnished, heard: Complaints) -> None:
    _check(themed, screen, furnished, heard)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_page_is_in_order(browser: Browser, stack: Stack, furnished: Furnished, theme: str) -> None:
    heard = Complaints()
    heard.excuse("status of 401")
    with contexts(browser, stack.dev["control_api"], heard) as open_context:
        _check(open_context(theme=theme).new_page(), SIGN_IN, furnished, heard)
