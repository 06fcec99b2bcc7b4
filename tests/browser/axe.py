"""axe-core on a page (rule UI4)."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

SCRIPT = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
RUN = "async tags => (await axe.run(document, {runOnly: tags, resultTypes: ['violations']})).violations"


@cache
def _script() -> str:
    if not SCRIPT.is_file():
        pytest.fail(f"{SCRIPT} is missing: `make web` installs it", pytrace=False)
    return SCRIPT.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """One line per element that breaks a rule of WCAG 2.2 AA: the rule and the element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    found: list[dict[str, Any]] = page.evaluate(RUN, TAGS)
    return [f"{one['id']}: {one['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}" for one in found for node in one["nodes"]]
