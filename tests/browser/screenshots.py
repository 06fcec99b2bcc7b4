"""Proves UI4 to the eye: `make screenshots` puts every screen at 1440 and 360 px, light and dark, into `screenshots/`."""

from contextlib import suppress

import pytest
from callstage_testing.stack import Stack
from playwright.sync_api import Browser
from playwright.sync_api import TimeoutError as NeverCame

from tests.browser.complaints import Complaints
from tests.browser.conftest import REPO, contexts, signed_in
from tests.browser.furnish import Furnished
from tests.browser.people import Person
from tests.browser.screens import SCREENS, SIGN_IN, show

FOLDER = REPO / "screenshots"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_every_screen_is_drawn(browser: Browser, stack: Stack, people: dict[str, Person], furnished: Furnished, theme: str, width: int) -> None:
    FOLDER.mkdir(exist_ok=True)
    height = 900 if width == 1440 else 740
    with contexts(browser, stack.dev["control_api"], Complaints()) as open_context:
        page = signed_in(open_context(theme=theme, width=width, height=height), people["owner"])
        stranger = open_context(theme=theme, width=width, height=height).new_page()
        for screen in (*SCREENS, SIGN_IN):
            shown = stranger if screen is SIGN_IN else page
            show(shown, screen, furnished)
            # Drawings come a moment later; the page of live calls listens for ever.
            with suppress(NeverCame):
                shown.wait_for_load_state("networkidle", timeout=5000)
            file = FOLDER / f"{screen.name}-{width}-{theme}.png"
            shown.screenshot(path=file, full_page=True)
            assert file.stat().st_size > 0
