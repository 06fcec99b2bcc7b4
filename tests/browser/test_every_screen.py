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

WIDE, NARROW, NARROW_THEME = 1440, 360, "dark"


@pytest.fixture(scope="module")
def heard(stack: Stack) -> Complaints:
    """That an agent has none of something is a 404 of the API, and Chromium notes it."""
    heard = Complaints()
    for optional in ("backend", "mailbox"):
        heard.excuse(f"status of 404 (Not Found) ({stack.dev['control_api']}/v1/agents/pizzeria/{optional})")
    return heard


@pytest.fixture(scope="module", params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    """All screens in one, then all in the other."""
    return str(request.param)


@pytest.fixture(scope="module")
def themed(theme: str, browser: Browser, stack: Stack, people: dict[str, Person], heard: Complaints) -> Iterator[Page]:
    """One page for all screens of a theme."""
    with contexts(browser, stack.dev["control_api"], heard) as open_context:
        yield signed_in(open_context(theme=theme), people["owner"])


def _check(page: Page, screen: Screen, furnished: Furnished, heard: Complaints, theme: str) -> None:
    page.set_viewport_size({"width": WIDE, "height": 900})
    heard.take()
    show(page, screen, furnished)
    found: list[Any] = violations(page)
    page.set_viewport_size({"width": NARROW, "height": 740})
    found += too_wide(page)
    # What is laid out in another way there is the same in both themes; its colours are those of the wide page.
    found += [f"at {NARROW} px: {line}" for line in violations(page)] if theme == NARROW_THEME else []
    found += [line for line in heard.take() if not (screen.name == "call-missing" and "404" in line)]
    assert found == [], "\n".join(map(str, found))


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_screen_is_in_order(themed: Page, theme: str, screen: Screen, furnished: Furnished, heard: Complaints) -> None:
    _check(themed, screen, furnished, heard, theme)


def test_the_sign_in_page_is_in_order(browser: Browser, stack: Stack, furnished: Furnished, theme: str) -> None:
    heard = Complaints()
    heard.excuse("status of 401")
    with contexts(browser, stack.dev["control_api"], heard) as open_context:
        _check(open_context(theme=theme).new_page(), SIGN_IN, furnished, heard, theme)
