"""Chromium on the manager that the platform serves. A page that complains on its console fails its test."""

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from callstage_testing.stack import Stack
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.complaints import Complaints
from tests.browser.furnish import Furnished, furnish
from tests.browser.people import Person, invite, owner, sign_in

REPO = Path(__file__).resolve().parents[2]
WAIT_MS = 30_000
"""The longest wait for anything on a page; it ends as soon as the thing is there."""
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Playwright's loop stands still while a test computes, by design; a whole story takes longer than a unit test may."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.blocking_allowed)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Debian's Chromium. Fails with what to install, and when the manager or the widget has not been built."""
    for built in ("web/manager/dist/index.html", "web/embed/dist/callstage_embed.js"):
        if not (REPO / built).is_file():
            pytest.fail(f"{built} is missing: `make web` builds it", pytrace=False)
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("the browser tests need Chromium: `make browser` installs it (Debian's package `chromium`)", pytrace=False)
    return found


@pytest.fixture(scope="module")
def playwright(chromium_path: str) -> Iterator[Playwright]:
    """Ends with the module: its event loop and those of asynchronous tests exclude each other."""
    with sync_playwright() as running:
        yield running


def launch(playwright: Playwright, chromium_path: str, microphone: Path | None = None) -> Browser:
    """Chromium; its microphone plays the WAV file (16-bit PCM) once from its beginning, each time it is opened."""
    sound = () if microphone is None else (f"--use-file-for-fake-audio-capture={microphone.resolve()}%noloop",)
    return playwright.chromium.launch(executable_path=chromium_path, args=[*ARGUMENTS, *sound])


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """One for the tests of a module; each test has contexts of its own."""
    running = launch(playwright, chromium_path)
    yield running
    running.close()


OpenContext = Callable[..., BrowserContext]


@contextmanager
def contexts(browser: Browser, base_url: str, complaints: Complaints) -> Generator[OpenContext]:
    """Makes contexts (`theme`, `width`) whose pages are listened to; closes them all."""
    opened: list[BrowserContext] = []

    def open_context(theme: str = "light", width: int = 1440, height: int = 900) -> BrowserContext:
        context = browser.new_context(
            base_url=base_url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT_MS)
        complaints.listen(context)
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the test's pages complained of; what a test means to provoke, it excuses."""
    heard = Complaints()
    yield heard
    assert heard.open == [], "the pages complained:\n" + "\n".join(heard.open)


@pytest.fixture
def open_context(browser: Browser, stack: Stack, complaints: Complaints) -> Iterator[OpenContext]:
    """See `contexts`."""
    with contexts(browser, stack.dev["control_api"], complaints) as made:
        yield made


@pytest.fixture(scope="session")
def people(stack: Stack) -> dict[str, Person]:
    """One person per role."""
    return {"owner": owner(stack), **{role: invite(stack, role) for role in ("editor", "viewer")}}


@pytest.fixture(scope="session")
def furnished(stack: Stack) -> Furnished:
    """A tenant with something on every screen."""
    return furnish(stack)


@pytest.fixture
def manager(open_context: OpenContext, people: dict[str, Person]) -> Page:
    """A page of the manager, signed in as the owner."""
    return signed_in(open_context(), people["owner"])


def signed_in(context: BrowserContext, person: Person) -> Page:
    """A new page of somebody who is signed in."""
    sign_in(context, person)
    return context.new_page()
