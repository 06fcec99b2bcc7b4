"""Every address of the manager, once. A new route of `web/manager/src/app/router.tsx` gets its line here."""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser.furnish import Furnished

Role = Literal["article", "button", "cell", "dialog", "group", "heading", "link", "row", "table"]


@dataclass(frozen=True)
class Screen:
    """`path` may name what was furnished; `shows` is what comes last: a role and a name."""

    name: str
    path: str
    shows: tuple[Role, str]


SCREENS = (
    Screen("home", "/", ("link", "Bella")),
    Screen("home-new", "/?new=true", ("dialog", "New assistant")),
    Screen("agent-stages", "/agents/{agent_id}/stages", ("button", "Add stage")),
    Screen("agent-graph", "/agents/{agent_id}/stages?view=graph", ("group", "checkout")),
    Screen("deploy", "/agents/{agent_id}/voip#deploy", ("button", "Rehearse with the last 10 calls")),
    Screen("agent-tool", "/agents/{agent_id}/tools/price_order", ("heading", "price_order")),
    Screen("agent-resources", "/agents/{agent_id}/resources", ("heading", "No resources yet")),
    Screen("agent-conversations", "/agents/mail-desk/conversations", ("table", "Conversations")),
    Screen("agent-voip", "/agents/{agent_id}/voip", ("heading", "+1 202 555 0100")),
    Screen("agent-test", "/agents/{agent_id}/test", ("button", "Talk to the draft")),
    Screen("agent-advanced", "/agents/{agent_id}/advanced", ("heading", "Turn-taking")),
    Screen("agent-deployments", "/agents/{agent_id}/deployments", ("table", "")),
    Screen("calls", "/calls", ("cell", "+1 202 555 0161")),
    Screen("calls-none", "/calls?q=nobody-said-this", ("heading", "No call matches")),
    Screen("call", "/calls/{call_id}", ("button", "Play")),
    Screen("call-missing", "/calls/no-such-call", ("heading", "This call does not exist")),
    Screen("voicemails", "/voicemails", ("button", "Mark as heard")),
    Screen("conversation", "/conversations/{session_id}", ("article", "Answer of the agent")),
    Screen("live", "/live", ("heading", "No call runs now")),
    Screen("numbers", "/numbers", ("link", "+1 202 555 0100")),
    Screen("blocked", "/blocked", ("cell", "+1 202 555 0199")),
    Screen("integrations", "/integrations", ("heading", "")),
    Screen("embed", "/embed", ("button", "Show the snippet")),
    Screen("settings-profile", "/settings/profile", ("button", "Save name")),
    Screen("settings-users", "/settings/users", ("cell", "ben@example.com")),
    Screen("settings-api-keys", "/settings/api-keys", ("cell", "The shop's server")),
    Screen("settings-plan", "/settings/plan", ("row", "Average response")),
    Screen("settings-carriers", "/settings/carriers", ("heading", "Telnyx")),
    Screen("settings-providers", "/settings/providers", ("button", "Add key")),
    Screen("settings-webhooks", "/settings/webhooks", ("cell", "signs")),
    Screen("audit", "/audit", ("table", "")),
    Screen("not-found", "/nothing-here", ("heading", "Nothing here")),
)
SIGN_IN = Screen("sign-in", "/sign-in", ("button", "Sign in"))


def show(page: Page, screen: Screen, furnished: Furnished) -> None:
    """Opens the screen and waits until nothing loads any more."""
    page.goto(screen.path.format(agent_id=furnished.agent_id, call_id=furnished.call_id, session_id=furnished.session_id))
    role, name = screen.shows
    expect(page.get_by_role(role, name=name).first).to_be_visible()
    if screen.name.startswith("agent-"):
        # What its button says depends on the agent's number, and is not drawn before.
        expect(page.get_by_role("region", name="Deploy")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("status", name="Loading", include_hidden=True)).to_have_count(0)


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways, once a change of its width has settled; empty: nothing."""
    for _ in range(30):  # not wait_for_function: its later looks are evaluated in the page, which the manager's policy forbids
        if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            return []
        page.wait_for_timeout(100)
    return [f"wider than the window: {element}" for element in page.evaluate(_WIDEST)] or ["wider than the window"]


_WIDEST = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 4).map(e => e.outerHTML.slice(0, 160))"""
