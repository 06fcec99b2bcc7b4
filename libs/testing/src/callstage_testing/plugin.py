"""The pytest plugin (entry point `callstage`): leak and blocked-loop checks for every test, embedded servers as session fixtures.

What a test does depends on neither the speed of the machine nor on which packages happen to be installed: see `_same_everywhere`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest
import pytest_asyncio
import structlog
from hypothesis import settings

from callstage_testing import leaks, servers

_WATCH = pytest.StashKey[leaks.LoopWatch]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("callstage_leaks", "fail tests that leave tasks, sockets or threads behind", type="bool", default=True)
    parser.addini(
        "callstage_blocked_limit_s", "longest time a callback may hold the event loop; 0 turns the check off", default=str(leaks.BLOCKED_LIMIT_S)
    )


def _same_everywhere(config: pytest.Config) -> None:
    """Logs without `rich`, whose tracebacks hold the loop for seconds; property tests that try the same examples each time, however slowly.

    `--hypothesis-profile=default` tries new examples.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.set_exc_info,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )
    if config.getoption("--hypothesis-profile", default=None) is None:
        settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    _same_everywhere(config)
    config.addinivalue_line("markers", "leaks_allowed(*kinds): this test may leave 'tasks', 'sockets', 'threads' behind (none named: all)")
    config.addinivalue_line("markers", "blocking_allowed(seconds): callbacks of this test may hold the event loop that long (default: for ever)")
    limit_s = float(config.getini("callstage_blocked_limit_s"))
    if limit_s > 0:
        watch = leaks.LoopWatch(limit_s)
        watch.install()
        config.stash[_WATCH] = watch


def pytest_unconfigure(config: pytest.Config) -> None:
    watch = config.stash.get(_WATCH, None)
    if watch is not None:
        watch.remove()
        del config.stash[_WATCH]


def _ignored(request: pytest.FixtureRequest) -> frozenset[str]:
    marker = request.node.get_closest_marker("leaks_allowed")
    if marker is None:
        return frozenset()
    return frozenset(marker.args or ("tasks", "sockets", "threads"))


@pytest_asyncio.fixture
async def _no_async_leaks(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    # Set up before the test's own fixtures, so this runs after all of them are torn down.
    tasks_before = asyncio.all_tasks()
    before = leaks.Snapshot()
    yield
    left = await leaks.leaks_after(tasks_before, before, _ignored(request))
    if left:
        pytest.fail("the test left behind:\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _leak_check(request: pytest.FixtureRequest) -> None:  # pyright: ignore[reportUnusedFunction]
    """Guards async tests; a sync test cannot leak tasks."""
    is_async = inspect.iscoroutinefunction(getattr(request.node, "obj", None))
    if is_async and request.config.getini("callstage_leaks"):
        request.getfixturevalue("_no_async_leaks")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Fails a test in which a callback held the loop too long, with the stack of the culprit."""
    watch = pyfuncitem.config.stash.get(_WATCH, None)
    if watch is None:
        return (yield)
    watch.take()
    result = yield
    marker = pyfuncitem.get_closest_marker("blocking_allowed")
    allowed_s = watch.limit_s if marker is None else (float(marker.args[0]) if marker.args else float("inf"))
    blocked = [block for block in watch.take() if block.seconds > allowed_s]
    if blocked:
        worst = max(blocked, key=lambda block: block.seconds)
        pytest.fail(f"the event loop was blocked for {worst.seconds * 1000:.0f} ms by {worst.callback}\n{worst.stack}", pytrace=False)
    return result


@pytest.fixture(scope="session")
def nats_server() -> Iterator[str]:
    """URL of a NATS server with JetStream, shared by the tests of the session: use own stream and bucket names."""
    with servers.nats_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """URL of a Redis server, shared by the tests of the session: use own key prefixes or flush."""
    with servers.redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy URL (psycopg) of a Postgres server, shared by the tests of the session: create own databases or schemas."""
    with ExitStack() as stack:
        yield stack.enter_context(servers.postgres_server())
