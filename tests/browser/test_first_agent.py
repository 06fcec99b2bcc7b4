"""Proves UI1 UI2 UI3 D1 D4 D5 E2 E5 S6 in a browser, offline: from signing in to an agent that answers on a page of another site, in minutes."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from callstage_testing.servers import free_port
from callstage_testing.stack import Stack
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import REPO, contexts, launch
from tests.browser.microphone import microphone_file
from tests.browser.patience import until
from tests.browser.people import Person, api_client
from tests.browser.web_site import is_known

AGENT, NAME = "corner-shop", "Corner shop"
PROMPT = "You answer for a corner shop. Our opening hours for {email|guests} are from nine to six."
CODE = 'logger.info("looking")\nreturn {"state": "on its way", "number": args.get("number", "none")}'
ASKED = re.compile("opening", re.IGNORECASE)
SPOKE_TWICE = re.compile(r"You: .*You: ", re.DOTALL)
ANSWERED = re.compile("from nine to six", re.IGNORECASE)
VISITOR = "anna@customer.example"
FIRST_ANSWER_S = 300.0
CALLS = 2


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone asks for the opening hours some seconds after it was opened, and says hello once the answer was given."""
    sound = microphone_file(tmp_path_factory.mktemp("microphone"), (5, "opening_hours"), (6, "hello"))
    running = launch(playwright, chromium_path, sound)
    yield running
    running.close()


@pytest.fixture
def context(browser: Browser, stack: Stack, complaints: Complaints) -> Iterator[BrowserContext]:
    with api_client(stack) as api:
        api.delete(f"/v1/agents/{AGENT}")
    # A stranger before signing in, nobody to write for, none attached, a visitor before signing in: each is a refusal by design.
    for place in ("/v1/me", "/stages/generate", "/backend)", "/mailbox)", "/api/embed/session"):
        complaints.excuse(place)
    with contexts(browser, stack.dev["control_api"], complaints) as open_context:
        yield open_context()


@contextmanager
def shop(stack: Stack, token: str, secret: str, port: int) -> Generator[str]:
    """The example site that comes with the widget, on an origin of its own."""
    env = {"CALLSTAGE_URL": stack.dev["media_gateway"], "EMBED_TOKEN": token, "SHARED_SECRET": secret, "EMBED_MODE": "voice", "PORT": str(port)}
    server = [sys.executable, str(REPO / "web" / "embed" / "demo" / "server.py")]
    with subprocess.Popen(server, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "is open" in process.stdout.readline()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_from_signing_in_to_a_visitor_who_is_answered(context: BrowserContext, people: dict[str, Person], stack: Stack) -> None:
    page = context.new_page()
    began = time.monotonic()
    sign_in_by_hand(page, people["owner"])
    new_agent(page)
    generate_is_refused_politely(page)
    write_into(page.get_by_role("textbox", name="Prompt", exact=True), PROMPT)
    greet_at_once(page)
    add_and_try_a_tool(page)
    talk_to_the_draft(page)
    assert time.monotonic() - began < FIRST_ANSWER_S
    deploy(page)
    port = free_port()
    token, secret = make_token(page, f"http://127.0.0.1:{port}")
    until(lambda: is_known(stack, token), "the gateways know the token")
    with shop(stack, token, secret, port) as origin:
        talk_as_a_visitor(context, origin)
    calls_have_waterfalls(page, stack)


def sign_in_by_hand(page: Page, person: Person) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible()


def new_agent(page: Page) -> None:
    page.get_by_role("button", name="New assistant").first.click()
    dialog = page.get_by_role("dialog", name="New assistant")
    dialog.get_by_role("radio", name="Blank").check(force=True)
    dialog.get_by_role("textbox", name="Name").fill(NAME)
    expect(dialog.get_by_role("textbox", name="Id")).to_have_value(AGENT)
    dialog.get_by_role("button", name=f"Create {NAME}").click()
    expect(page.get_by_role("heading", name=NAME, level=1)).to_be_attached()


def greet_at_once(page: Page) -> None:
    page.get_by_role("switch", name="Say first that this is an AI").uncheck(force=True)
    greeting = page.get_by_role("textbox", name="Greeting")
    write_into(greeting, "Hello, what can I do for you?")


def generate_is_refused_politely(page: Page) -> None:
    page.get_by_role("button", name="Generate").click()
    sentence = page.get_by_role("textbox", name="What should this stage achieve?")
    sentence.fill("Say when the shop is open.")
    page.get_by_role("button", name=re.compile("^Write it")).click()
    alert = page.get_by_role("alert").filter(has_text="Writing needs a language model")
    expect(alert).to_contain_text("Your prompt is as it was.")
    expect(alert.get_by_role("link", name="Add a key")).to_be_visible()
    sentence.press("Escape")
    expect(alert).to_have_count(0)


def write_into(editor: Locator, text: str) -> None:
    """In place of what stands there."""
    editor.click()
    editor.page.keyboard.press("Control+A")
    editor.page.keyboard.insert_text(text)
    expect(editor.page.get_by_text("Saved", exact=True)).to_be_visible()


def add_and_try_a_tool(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Add a tool to")).first.click()
    page.get_by_role("menuitem", name="New tool").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("find_order")
    page.get_by_role("textbox", name="Description").fill("Find an order. Call it when the caller asks where an order is.")
    page.get_by_role("button", name="Add find_order").click()
    write_into(page.get_by_role("textbox", name="Code of find_order"), CODE)
    expect(page.get_by_text("No findings: syntax and types are fine.")).to_be_visible()
    for button in ("Dry run", "Run for real"):
        page.get_by_role("button", name=button).click()
        result = page.get_by_role("region", name="Result of the trial")
        expect(result).to_contain_text("on its way")
        expect(result).to_contain_text("looking")
        expect(result.get_by_text("Dry run")).to_have_count(1 if button == "Dry run" else 0)


def talk_to_the_draft(page: Page) -> None:
    page.get_by_role("navigation", name="Agent").get_by_role("link", name="Test").click()
    page.get_by_role("button", name="Talk to the draft").click()
    log = page.get_by_role("log", name="Conversation")
    expect(log).to_contain_text(ASKED)
    expect(log).to_contain_text(ANSWERED)
    expect(log).to_contain_text("guests")
    expect(log.get_by_role("button", name=re.compile("^Answered after"))).to_be_visible()
    expect(log).to_contain_text(SPOKE_TWICE)
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_role("button", name="Talk to the draft")).to_be_visible()


def deploy(page: Page) -> None:
    bar = page.get_by_role("region", name="Deploy")
    expect(bar).to_contain_text("Not deployed yet")
    bar.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_role("button", name="Deploy now").click()
    expect(bar).to_contain_text("Deployment 1 is live")


def make_token(page: Page, origin: str) -> tuple[str, str]:
    page.get_by_role("link", name="Embed").click()
    page.get_by_role("button", name="Add a web site").click()
    dialog = page.get_by_role("dialog", name="Add a web site")
    label = f"Web shop at {origin}"
    dialog.get_by_role("textbox", name="Name").fill(label)
    dialog.get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name=NAME).click()
    sites = dialog.get_by_label("Sites that may use it")
    sites.fill(origin)
    sites.press("Enter")
    dialog.get_by_role("switch", name="Only visitors that the site vouches for").check(force=True)
    dialog.get_by_role("button", name=f"Add {label}").click()
    card = page.get_by_role("article", name=label)
    card.get_by_role("button", name="Show the secret").click()
    secret = card.get_by_text(re.compile("^embs_"))
    expect(secret).to_be_visible()
    token = re.search(r"emb_\w+", card.get_by_label("Snippet").inner_text())
    assert token is not None
    return token.group(), secret.inner_text()


def talk_as_a_visitor(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(origin)
    opener = page.get_by_role("button", name=f"Open conversation with {NAME}")
    expect(page.get_by_role("heading", name="Corner Shop")).to_be_visible()
    expect(opener).to_have_count(0)
    page.get_by_role("textbox", name="E-mail").fill(VISITOR)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(VISITOR)).to_be_visible()
    opener.click()
    page.get_by_role("button", name="Start talking").click()
    captions = page.get_by_role("log", name="Conversation")
    expect(captions).to_contain_text(ASKED)
    expect(captions).to_contain_text(ANSWERED)
    expect(captions).to_contain_text("anna")
    expect(captions).to_contain_text(SPOKE_TWICE)
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_text("The conversation has ended.")).to_be_visible()


def calls_have_waterfalls(page: Page, stack: Stack) -> None:
    with api_client(stack) as api:

        def has_ended() -> bool:
            calls = api.get("/v1/calls", params={"agent_id": AGENT}).json()["calls"]
            return len(calls) == CALLS and all(call["status"] == "ended" for call in calls)

        until(has_ended, "two calls that have ended")
    for row in range(CALLS):
        page.goto(f"/calls?agent_id={AGENT}")
        rows = page.get_by_role("table", name="Calls, newest first").get_by_role("link")
        expect(rows).to_have_count(CALLS)
        rows.nth(row).click()
        transcript = page.get_by_role("region", name="Transcript")
        expect(transcript).to_contain_text(ASKED)
        expect(transcript).to_contain_text(ANSWERED)
        transcript.get_by_role("button", name=re.compile("^answered in")).first.click()
        waterfall = transcript.get_by_role("figure").filter(visible=True)
        for part in ("End of turn", "Speech to text", "Language model", "Voice", "In all"):
            expect(waterfall).to_contain_text(part)
