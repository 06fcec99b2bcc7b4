"""Proves D6 UI2 in a browser: a real call is rehearsed against a changed draft, shown where it parts, blocks a deploy, and lets it pass."""

import re
from typing import Any

import httpx2
import pytest
from callstage.stack.demo import AGENT
from callstage_testing.stack import Stack
from playwright.sync_api import Page, Route, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import OpenContext, signed_in
from tests.browser.furnish import apart
from tests.browser.people import Person, api_client
from tests.conftest import speech
from tests.platform_steps import eventually, has_ended, make_agent, make_number, record_of, until_live

AGENT_ID = "rehearsed-shop"
STAYS = [{**stage, "transitions": []} for stage in AGENT["stages"]]
LAST_CALLS = "Rehearse with the last 10 calls"
SAME_WAY = "Recent calls go the same way"


@pytest.fixture(scope="module")
def call_id(stack: Stack) -> str:
    """A caller orders, which moves the conversation to the checkout, and hangs up; all of it is recorded, and was said to be."""
    return apart(_call(stack))


async def _call(stack: Stack) -> str:
    async with stack.api() as api:
        fields = {name: value for name, value in AGENT.items() if name != "agent_id"}
        await make_agent(api, AGENT_ID, **{**fields, "disclosure": True, "recording": True})
        number = await make_number(api, AGENT_ID)
        await until_live(stack, AGENT_ID)
        async with stack.twilio() as twilio, twilio.call(from_="+12025550188", to=number) as call:
            await call.wait_for_agent_speech(30)
            await call.wait_for_agent_silence(800, 30)
            said = await call.say(speech("order_three_pizzas"))
            await call.wait_for_agent_speech(30, after=said.speech_ended_at)
            await call.hang_up()
        record = await record_of(api, call.call_id, until=lambda found: has_ended(found) and bool(found["recording"]), timeout_s=30)
        await eventually(lambda: _journal(api, record["call_id"]), timeout_s=30, what="the journal of the call")
        assert [stage["stage"] for stage in record["stages"]][-1:] == ["checkout"]
        return str(record["call_id"])


async def _journal(api: httpx2.AsyncClient, call_id: str) -> list[Any]:
    parts: list[Any] = (await api.get(f"/v1/calls/{call_id}/journal")).json()["parts"]
    return parts


def test_a_draft_is_rehearsed_before_it_goes_live(stack: Stack, manager: Page, call_id: str, complaints: Complaints) -> None:
    complaints.excuse(f"/v1/agents/{AGENT_ID}/deploy")  # refused once, as is asked for
    with api_client(stack) as api:
        assert api.patch(f"/v1/agents/{AGENT_ID}", json={"stages": STAYS}).status_code == 200
        live = api.get(f"/v1/agents/{AGENT_ID}").json()["agent"]["deployment"]
    manager.goto(f"/agents/{AGENT_ID}/stages#deploy")
    drawer = manager.get_by_role("dialog")
    drawer.get_by_role("button", name=LAST_CALLS).click()
    # Browsers were in the line before, and said nothing.
    expect(drawer.get_by_role("status")).to_contain_text("go the same way")
    drawer.get_by_role("button", name=re.compile(r"^Another way \+1 202 555 0188")).click()
    expect(drawer).to_contain_text("moves to the stage checkout")
    expect(drawer.get_by_role("link", name="Open the call")).to_have_attribute("href", re.compile(rf"^/calls/{call_id}"))

    drawer.get_by_role("checkbox", name=SAME_WAY).check()
    drawer.get_by_role("button", name="Deploy now").click()
    refused = drawer.get_by_role("alert")
    expect(refused).to_contain_text("Not deployed")
    expect(refused).to_contain_text("goes another way")

    drawer.get_by_role("checkbox", name=SAME_WAY).uncheck()
    drawer.get_by_role("button", name="Deploy now").click()
    expect(drawer).to_have_count(0)
    expect(manager.get_by_role("region", name="Deploy")).to_contain_text(f"Deployment {live + 1} is live")

    with api_client(stack) as api:
        assert api.patch(f"/v1/agents/{AGENT_ID}", json={"stages": AGENT["stages"]}).status_code == 200
        asked = api.post(f"/v1/agents/{AGENT_ID}/deploy", json={"rehearse_last": 1})
        assert asked.status_code == 200, asked.text


def test_the_deploy_button_has_its_name_before_its_number(manager: Page, stack: Stack, call_id: str) -> None:
    held: list[Route] = []
    manager.route(re.compile(r"/v1/numbers"), lambda route: held.append(route))  # Playwright looks at its parameters
    manager.goto(f"/agents/{AGENT_ID}/stages")
    bar = manager.get_by_role("region", name="Deploy")
    expect(bar.get_by_role("button", name="Deploy", exact=True)).to_have_count(1)
    expect(bar).to_have_css("opacity", "0")
    assert held
    for route in held:
        route.continue_()
    expect(bar.get_by_role("button", name=re.compile(r"^Deploy to \+1 202 555"))).to_be_visible()
    expect(bar).to_have_css("opacity", "1")


@pytest.mark.parametrize(("width", "goes_down"), [(360, True), (1440, False)])
def test_the_graph_goes_where_there_is_room(open_context: OpenContext, people: dict[str, Person], stack: Stack, width: int, goes_down: bool) -> None:
    page = signed_in(open_context(width=width), people["owner"])
    page.goto(f"/agents/{stack.dev['agent_id']}/stages?view=graph")
    boxes: list[Any] = []
    for name in ("order", "checkout"):
        node = page.get_by_role("group", name=f"Stage {name}")
        expect(node).to_be_visible()
        boxes.append(node.bounding_box())
    order, checkout = boxes
    assert (checkout["y"] > order["y"] + order["height"]) is goes_down
    assert (checkout["x"] > order["x"] + order["width"]) is not goes_down
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
