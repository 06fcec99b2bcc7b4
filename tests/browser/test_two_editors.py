"""Proves RE1 UI2 in two browsers: changes of different things merge by themselves, the same thing asks who is right, and nothing is lost."""

from collections.abc import Iterator

import httpx2
import pytest
from callstage_testing.stack import Stack
from playwright.sync_api import Locator, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import OpenContext, signed_in
from tests.browser.patience import until
from tests.browser.people import Person, api_client

AGENT = "two-editors"
STAGES = [
    {"name": "order", "prompt": "Ask for the order.", "tools": ["end_call"]},
    {"name": "payment", "prompt": "Ask for the payment.", "tools": ["end_call"]},
]


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx2.Client]:
    with api_client(stack) as client:
        client.delete(f"/v1/agents/{AGENT}")
        made = client.post("/v1/agents", json={"agent_id": AGENT, "display_name": "Two editors", "stages": STAGES})
        assert made.status_code == 201, made.text
        yield client
        client.delete(f"/v1/agents/{AGENT}")


@pytest.fixture
def editors(api: httpx2.Client, open_context: OpenContext, people: dict[str, Person], complaints: Complaints) -> tuple[Page, Page]:
    """Two people with the same agent open. That somebody was quicker is a 412 of the API."""
    complaints.excuse("status of 412")
    pages = signed_in(open_context(), people["owner"]), signed_in(open_context(), people["editor"])
    for page in pages:
        page.goto(f"/agents/{AGENT}/stages")
        expect(prompt_of(page, "order")).to_contain_text("Ask for the order.")
    return pages


def prompt_of(page: Page, stage: str) -> Locator:
    return page.get_by_role("textbox", name=f"Prompt of {stage}")


def writes(page: Page, stage: str, text: str) -> None:
    """Types at the end of a prompt."""
    prompt_of(page, stage).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def stored(api: httpx2.Client) -> dict[str, str]:
    agent = api.get(f"/v1/agents/{AGENT}").json()["agent"]
    return {stage["name"]: stage["prompt"] for stage in agent["stages"]}


def holds(api: httpx2.Client, stage: str, text: str) -> None:
    until(lambda: stored(api)[stage] == text, f"the prompt of {stage} is “{text}”")


def test_changes_of_different_stages_merge(editors: tuple[Page, Page], api: httpx2.Client) -> None:
    ours, theirs = editors
    writes(theirs, "payment", " Cards only.")
    holds(api, "payment", "Ask for the payment. Cards only.")
    writes(ours, "order", " One pizza at a time.")
    holds(api, "order", "Ask for the order. One pizza at a time.")
    expect(prompt_of(ours, "payment")).to_contain_text("Cards only.")
    assert stored(api)["payment"] == "Ask for the payment. Cards only."
    expect(ours.get_by_text("Saved", exact=True)).to_be_visible()
    expect(ours.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("choice", "kept"), [("Keep mine", "ours"), ("Take theirs", "theirs")])
def test_the_same_prompt_asks_whose_stays(editors: tuple[Page, Page], api: httpx2.Client, choice: str, kept: str) -> None:
    ours, theirs = editors
    texts = {"ours": "Ask for the order. Offer a drink.", "theirs": "Ask for the order. Name the special."}
    writes(theirs, "order", " Name the special.")
    holds(api, "order", texts["theirs"])
    writes(ours, "order", " Offer a drink.")
    dialog = ours.get_by_role("dialog", name="The same thing was changed by Editor")
    expect(dialog).to_contain_text("Offer a drink.")
    expect(dialog).to_contain_text("Name the special.")
    # Until somebody chooses, the other's text stands and ours is not gone.
    assert stored(api)["order"] == texts["theirs"]
    dialog.get_by_role("radio", name=choice).check()
    dialog.get_by_role("button", name="Save this choice").click()
    expect(dialog).to_have_count(0)
    holds(api, "order", texts[kept])
    expect(prompt_of(ours, "order")).to_have_text(texts[kept])
    # The version that was not chosen is one step back.
    ours.get_by_role("button", name="Undo").first.click()
    expect(prompt_of(ours, "order")).not_to_have_text(texts[kept])
