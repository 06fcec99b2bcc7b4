"""Proves M1 M3 UI4 in a browser: a mailbox is connected, tried, attached and given a signature, which its mails carry; hostile parts are gone."""

import base64
import email
import email.policy
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from callstage_testing.fakes.mail import FakeMail
from callstage_testing.stack import Stack
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.complaints import Complaints
from tests.browser.conftest import OpenContext, signed_in
from tests.browser.furnish import apart
from tests.browser.mail_server import mail_server
from tests.browser.people import Person, api_client
from tests.browser.screens import too_wide
from tests.platform_steps import make_agent

AGENT = "answers-mail"
ADVANCED = f"/agents/{AGENT}/advanced#activation"
ADDRESS = "orders@example.com"
LOGO = "https://shop.example.com/logo.png"
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
HOSTILE = (
    '<p onclick="window.hacked=1">Anna <b>from the shop</b></p><script>window.hacked=1</script>'
    '<a href="javascript:window.hacked=1">site</a><iframe src="https://attacker.example.com"></iframe>'
    f'<img src="{LOGO}" onerror="window.hacked=1" width="4000">'
)


@pytest.fixture(scope="module")
def mail() -> Iterator[FakeMail]:
    with mail_server({ADDRESS: "right"}) as running:
        yield running


@pytest.fixture
def agent(stack: Stack) -> Iterator[str]:
    """A chat agent that is deployed, without a mailbox before and after."""

    async def make() -> None:
        async with stack.api() as api:
            await make_agent(api, AGENT, display_name="Answers mail", channel="chat", system_prompt="You answer the mails of a shop.")

    apart(make())
    yield AGENT
    with api_client(stack) as api:
        api.delete(f"/v1/agents/{AGENT}/mailbox")
        for account in api.get("/v1/integrations").json()["integrations"]:
            if account["name"] == "Orders":
                assert api.delete(f"/v1/integrations/{account['id']}").status_code == 204


@pytest.fixture
def account(stack: Stack, mail: FakeMail) -> Callable[[], str]:
    """Connects the mailbox by the API; returns its id."""

    def connect() -> str:
        settings = {
            "sender": ADDRESS,
            "username": ADDRESS,
            "imap_host": "127.0.0.1",
            "imap_port": mail.imap_port,
            "imap_security": "none",
            "smtp_host": "127.0.0.1",
            "smtp_port": mail.smtp_port,
            "smtp_security": "none",
        }
        with api_client(stack) as api:
            made = api.post("/v1/integrations", json={"provider": "smtp", "name": "Orders", "settings": settings, "secret": "right"})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    return connect


def shows_logo(page: Page) -> None:
    def serve(route: Route) -> None:
        route.fulfill(body=PIXEL, content_type="image/png")

    page.context.route("https://shop.example.com/**", serve)


def connect_at_integrations(page: Page, mail: FakeMail) -> None:
    page.goto("/integrations")
    page.get_by_role("button", name="Connect an account").first.click()
    page.get_by_role("menuitem", name=re.compile(r"^Mailbox \(IMAP and SMTP\)")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Servers of Gmail").click()
    expect(dialog.get_by_label("Reading: IMAP server")).to_have_value("imap.gmail.com")
    for label, text in {
        "Name": "Orders",
        "From address": ADDRESS,
        "Reading: IMAP server": "127.0.0.1",
        "Reading: port": str(mail.imap_port),
        "Sending: SMTP server": "127.0.0.1",
        "Sending: port": str(mail.smtp_port),
        "User name": ADDRESS,
        "Password": "wrong",
    }.items():
        dialog.get_by_role("textbox", name=label, exact=label == "Name").first.fill(text)
    for label in ("Reading: security", "Sending: security"):
        dialog.get_by_role("combobox", name=label).click()
        page.get_by_role("option", name="none").click()
    dialog.get_by_role("button", name="Test before saving").click()
    expect(dialog.get_by_role("status")).to_contain_text("Reading (IMAP): ")
    expect(dialog.get_by_role("status")).to_contain_text("Sending (SMTP): ")
    dialog.get_by_role("textbox", name="Password").fill("right")
    dialog.get_by_role("button", name="Test before saving").click()
    expect(dialog.get_by_role("status")).to_contain_text("reads at 127.0.0.1, sends by 127.0.0.1")
    dialog.get_by_role("button", name="Connect Orders").click()
    expect(page.get_by_role("article", name="Orders")).to_be_visible()


def choose_mailbox(page: Page) -> Locator:
    form = page.get_by_role("form", name="E-mail")
    form.get_by_role("combobox", name="Mailbox").click()
    page.get_by_role("option", name=f"Orders ({ADDRESS})").click()
    return form


def write_signature(page: Page, form: Locator) -> None:
    """With the keyboard alone."""
    text = form.get_by_role("textbox", name="Signature")
    text.click()
    page.keyboard.type("The ")
    page.keyboard.press("Control+b")
    page.keyboard.type("Shop")
    page.keyboard.press("Control+b")
    page.keyboard.press("Enter")
    form.get_by_role("button", name="Link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Leads to")).to_be_focused()
    page.keyboard.type("shop.example.com")
    page.keyboard.press("Enter")
    expect(text.get_by_role("link", name="shop.example.com")).to_have_attribute("href", "https://shop.example.com")
    expect(text).to_be_focused()
    page.keyboard.press("Enter")
    form.get_by_role("button", name="Logo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Address of the image")).to_be_focused()
    page.keyboard.type("http://shop.example.com/logo.png")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A logo needs a public address that begins with https://")).to_be_visible()
    page.get_by_label("Address of the image").fill(LOGO)
    page.get_by_label("In words").fill("The Shop")
    page.get_by_role("button", name="Insert logo").press("Enter")
    expect(text).to_contain_text("Logo: The Shop")


def test_a_mailbox_is_set_up_from_nothing_to_its_first_answer(manager: Page, agent: str, mail: FakeMail, complaints: Complaints) -> None:
    complaints.excuse(f"/v1/agents/{AGENT}/backend")
    complaints.excuse(f"/v1/agents/{AGENT}/mailbox")
    shows_logo(manager)
    connect_at_integrations(manager, mail)

    manager.goto(ADVANCED)
    form = choose_mailbox(manager)
    form.get_by_role("button", name="Test connection").click()
    expect(form).to_contain_text("It works")
    form.get_by_role("textbox", name="Forward to").fill("nowhere")
    subjects = form.get_by_label("Subject contains any of")
    subjects.fill("order")
    subjects.press("Enter")
    write_signature(manager, form)
    form.get_by_role("button", name="Switch e-mail on").click()
    expect(form.get_by_role("textbox", name="Forward to")).to_have_attribute("aria-invalid", "true")
    form.get_by_role("textbox", name="Forward to").fill("team@example.com")
    form.get_by_role("button", name="Switch e-mail on").click()
    expect(form).to_contain_text(re.compile(rf"Deployment \d+ answers {ADDRESS}"))

    manager.reload()
    text = form.get_by_role("textbox", name="Signature")
    expect(text.locator("strong")).to_have_text("Shop")
    expect(text).to_contain_text("Logo: The Shop")
    expect(form.get_by_role("textbox", name="Forward to")).to_have_value("team@example.com")
    expect(form).to_contain_text("order")
    shown = manager.frame_locator("iframe[title='A mail with the signature']")
    expect(shown.get_by_role("img", name="The Shop")).to_have_css("max-height", "60px")
    assert shown.get_by_role("img", name="The Shop").evaluate("image => image.naturalWidth") == 1

    customer = EmailMessage()
    customer["From"], customer["To"], customer["Message-ID"] = "Anna <anna@customer.example>", ADDRESS, "<o1@customer.example>"
    customer["Subject"] = "My order"
    customer.set_content("Hello, when will it arrive?")
    mail.put(customer)
    answer = email.message_from_bytes(mail_arrived(manager, mail), policy=email.policy.default)
    assert isinstance(answer, EmailMessage)
    html = answer.get_body(("html",))
    assert html is not None
    assert f'src="{LOGO}"' in html.get_content()
    assert 'style="max-height:60px"' in html.get_content()
    assert "<strong>Shop</strong>" in html.get_content()

    form.get_by_role("button", name="Switch e-mail off").click()
    dialog = manager.get_by_role("dialog", name=f"Stop answering {ADDRESS}?")
    expect(dialog).to_contain_text("the signature")
    expect(dialog).to_contain_text("one filter")
    dialog.get_by_role("button", name="Switch e-mail off").click()
    expect(form.get_by_role("button", name="Switch e-mail on")).to_have_count(0)


def mail_arrived(page: Page, mail: FakeMail) -> bytes:
    """The first mail that was sent. The poller looks into a new mailbox at once and then every minute."""
    for _ in range(900):
        if mail.sent:
            return mail.sent[0].raw
        page.wait_for_timeout(100)
    pytest.fail("no answer was sent")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_hostile_signature_is_gone_and_the_form_is_in_order(
    open_context: OpenContext,
    people: dict[str, Person],
    stack: Stack,
    agent: str,
    account: Callable[[], str],
    complaints: Complaints,
    theme: str,
) -> None:
    complaints.excuse(f"/v1/agents/{AGENT}/backend")
    with api_client(stack) as api:
        body = {"integration_id": account(), "signature_html": HOSTILE, "filters": {"subject_excludes": ["unsubscribe"]}}
        stored: Any = api.put(f"/v1/agents/{AGENT}/mailbox", json=body)
        assert stored.status_code == 200, stored.text
    page = signed_in(open_context(theme=theme), people["owner"])
    shows_logo(page)
    page.goto(ADVANCED)
    form = page.get_by_role("form", name="E-mail")
    expect(form.get_by_role("textbox", name="Signature")).to_contain_text("Anna from the shop")
    shown = page.frame_locator("iframe[title='A mail with the signature']")
    expect(shown.locator("#signature b")).to_have_text("from the shop")
    assert (
        shown.locator("#signature").evaluate("place => place.querySelectorAll('script, iframe, [onclick], [onerror], [href], [width]').length") == 0
    )
    assert page.evaluate("window.hacked") is None
    page.wait_for_timeout(300)
    found: list[Any] = violations(page)
    page.set_viewport_size({"width": 360, "height": 740})
    found += too_wide(page)
    assert found == []
