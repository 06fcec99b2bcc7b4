"""Proves UI1: pages change within 100 ms, lists of 10,000 calls scroll smoothly, nothing jumps, and quick pages show no placeholder.

Budgets are those of a quiet machine; they grow with what a fixed piece of work takes here (`speedometer.pace_ms`). Counters do not depend on it.
"""

import logging
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import pytest
from callstage_testing.stack import Stack
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext, signed_in
from tests.browser.many_calls import many_calls
from tests.browser.people import Person
from tests.browser.speedometer import pace_ms, route_ms, slower, take, watch

CALLS = 12_000
SCROLLED_ROWS = 4_000
ROUTES = ("Calls", "Agents", "Numbers", "Live", "Voicemail", "Audit")
"""Links of the rail, called as their pages."""
ROUTE_MS = 100.0
PLACEHOLDER_MS = 140.0
"""No sooner than 150 ms after the press, but for the clock's grain."""
SHIFT = 0.02
"""Summed over a page's life; what people call good is below 0.1."""
tell = logging.getLogger(__name__).warning
"""The figures, for the report of the test."""
ROWS = "() => [...document.querySelectorAll('[data-row]')].map(row => Number(row.dataset.row))"


@pytest.fixture(scope="module")
def past(stack: Stack) -> Iterator[None]:
    """Twelve thousand calls of the last four weeks."""
    dev = stack.dev
    with many_calls(dev["postgres_url"], dev["tenant_id"], dev["agent_id"], CALLS):
        yield


@pytest.fixture
def page(open_context: OpenContext, people: dict[str, Person], past: None) -> Page:
    """Watched from its first moment on."""
    context = open_context()
    watch(context)
    return signed_in(context, people["owner"])


def _open(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("status", name="Loading", include_hidden=True)).to_have_count(0)


def test_pages_change_within_a_tenth_of_a_second(page: Page) -> None:
    _open(page, "/")
    for name in ROUTES:
        route_ms(page, name)
        page.wait_for_timeout(300)
    take(page)
    paces, times = [pace_ms(page)], dict[str, list[float]]()
    for _ in range(3):
        for name in ROUTES:
            times.setdefault(name, []).append(route_ms(page, name))
            page.wait_for_timeout(150)
        paces.append(pace_ms(page))
    pace, placeholders = median(paces), take(page).placeholders_ms
    figures = {name: median(found) for name, found in times.items()}
    tell(f"pace {pace:.1f} ms; click to heading " + ", ".join(f"{name} {found:.0f} ms" for name, found in figures.items()))
    assert all(shown_after >= PLACEHOLDER_MS for shown_after in placeholders), placeholders
    allowed = ROUTE_MS * slower(pace)
    assert median(figures.values()) <= allowed, figures
    # One page may be caught by other work on the machine in all three rounds.
    assert max(figures.values()) <= 2 * allowed, figures


def test_a_list_of_ten_thousand_calls_scrolls_smoothly(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/calls?" in request.url and "cursor=" in request.url else None)
    _open(page, "/calls")
    expect(page.get_by_role("table", name="Calls, newest first")).to_be_visible()
    expect(page.get_by_role("img", name="12,0")).to_be_visible()
    page.get_by_role("region", name="Calls, newest first").hover()
    pace, _ = pace_ms(page), take(page)
    most_rows = most_nodes = last = steps = 0
    while last < SCROLLED_ROWS and steps < 400:
        page.mouse.wheel(0, 1200)
        page.wait_for_timeout(40)
        rows: list[int] = page.evaluate(ROWS)
        assert all(after == before + 1 for before, after in pairwise(rows)), rows
        last, steps = max(rows), steps + 1
        most_rows, most_nodes = max(most_rows, len(rows)), max(most_nodes, page.evaluate("document.querySelectorAll('*').length"))
    costs = take(page)
    tasks = sorted(costs.long_tasks_ms)
    tell(f"pace {pace:.1f} ms; {last} rows in {steps} turns of the wheel, {len(asked)} pages; at most {most_rows} rows and {most_nodes} elements")
    tell(f"{len(tasks)} long tasks, median {median(tasks or [0]):.0f} ms, longest {max(tasks, default=0):.0f} ms; shift {costs.shift:.4f}")
    assert last >= SCROLLED_ROWS
    assert most_rows <= 60
    assert most_nodes <= 2_000
    # A page of a hundred calls is asked for once, when the list nears its end.
    assert len(asked) == len(set(asked)) <= last / 100 + 2
    assert median(tasks or [0]) <= 150 * slower(pace)
    assert costs.shift <= SHIFT, costs.shifted


@pytest.mark.parametrize("path", ["/", "/calls", "/agents/pizzeria/stages", "/numbers", "/live", "/settings/profile", "/audit"])
def test_nothing_jumps_while_a_page_loads(page: Page, path: str) -> None:
    _open(page, path)
    page.wait_for_timeout(1000)
    costs = take(page)
    tell(f"{path}: shift {costs.shift:.4f}")
    assert costs.shift <= SHIFT, costs.shifted
