"""What a page costs whoever looks at it: long tasks, layout shifts, and the time from a click to the painted heading."""

from dataclasses import dataclass
from statistics import median

from playwright.sync_api import BrowserContext, Page, expect

REFERENCE_MS = 10.0
"""`pace_ms` of the machine on which the budgets count as they stand; a slower one, or one with other work, gets as much more time."""
_WATCH = """
window.speed = { longTasks: [], shifts: [], placeholders: [] };
new PerformanceObserver(list => list.getEntries().forEach(task => speed.longTasks.push(task.duration))).observe({ type: 'longtask', buffered: true });
new PerformanceObserver(list => list.getEntries().forEach(shift => {
  const moved = shift.sources.map(({ node }) => node && (node.outerHTML ?? node.nodeName).slice(0, 120));
  if (!shift.hadRecentInput) speed.shifts.push([shift.value, moved]);
})).observe({ type: 'layout-shift', buffered: true });
"""
_PACE = """() => {
  const times = [];
  for (let round = 0; round < 7; round += 1) {
    const start = performance.now();
    const place = document.body.appendChild(document.createElement('div'));
    place.style.cssText = 'position: fixed; inset: 0; overflow: hidden; visibility: hidden';
    for (let row = 0; row < 1500; row += 1) place.appendChild(document.createElement('p')).textContent = `Row ${row} of ${round}`;
    place.offsetHeight;
    place.remove();
    times.push(performance.now() - start);
  }
  return times;
}"""
_ARM = """heading => {
  window.painted = new Promise((done, fail) => addEventListener('click', click => {
    setTimeout(() => fail(new Error(`no heading "${heading}"`)), 10000);
    const since = () => performance.now() - click.timeStamp;
    const isBusy = () => [...document.querySelectorAll('[aria-busy="true"]')].some(shown => getComputedStyle(shown).visibility === 'visible');
    const flicker = () => {
      if (isBusy()) speed.placeholders.push(Math.round(since()));
      else if (since() < 400) requestAnimationFrame(flicker);
    };
    flicker();
    performance.mark('click', { startTime: click.timeStamp });
    const look = () => {
      if (document.querySelector('#page h1')?.textContent !== heading) return requestAnimationFrame(look);
      // The frame with the heading is painted before the next task runs.
      requestAnimationFrame(() => setTimeout(() => {
        performance.mark('painted');
        done(performance.measure('route', 'click', 'painted').duration);
      }));
    };
    look();
  }, { capture: true, once: true }));
}"""


@dataclass(frozen=True)
class Costs:
    """`long_tasks_ms`: times for which the page answered nothing, each above 50 ms. `placeholders_ms`: when, after a press on a link, grey lines
    stood where content comes. `shift`: the sum of layout shifts that no input caused."""

    long_tasks_ms: list[float]
    placeholders_ms: list[float]
    shift: float
    shifted: list[str]


def watch(context: BrowserContext) -> None:
    """Every page of the context, from its first moment on."""
    context.add_init_script(_WATCH)


def take(page: Page) -> Costs:
    """What was seen since the page was opened, or since it was taken last."""
    found = page.evaluate("() => { const found = { ...speed }; speed.longTasks = []; speed.shifts = []; speed.placeholders = []; return found; }")
    return Costs(found["longTasks"], found["placeholders"], sum(value for value, _ in found["shifts"]), [str(shift) for shift in found["shifts"]])


def pace_ms(page: Page) -> float:
    """How long the browser takes here for a fixed piece of work: to build and lay out 1,500 paragraphs."""
    return median(page.evaluate(_PACE))


def slower(pace: float) -> float:
    """By how much budgets grow; at least 1."""
    return max(1.0, pace / REFERENCE_MS)


def route_ms(page: Page, name: str) -> float:
    """From a press on a link of the rail to the painted heading of its page, which has the same name."""
    # What still loads there would be taken for what loads here.
    expect(page.locator('[aria-busy="true"]')).to_have_count(0)
    page.evaluate(_ARM, name)
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
    found: float = page.evaluate("window.painted")
    return found
