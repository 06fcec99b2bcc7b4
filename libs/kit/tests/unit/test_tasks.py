"""The only place that makes tasks: children die with their scope, failures are seen, siblings live on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope, all_of, cancel, unless


async def _forever() -> None:
    await asyncio.Event().wait()


async def _fail() -> None:
    raise ValueError("broken")


async def test_leaving_a_scope_ends_its_tasks() -> None:
    async with TaskScope("test") as scope:
        task = scope.start(_forever(), name="a")
    assert task.cancelled()
    with pytest.raises(RuntimeError, match="closed"):
        scope.start(_forever(), name="b")


async def test_a_failing_child_is_reported_and_its_siblings_go_on() -> None:
    failures: list[str] = []
    async with TaskScope("test", on_failure=lambda name, error: failures.append(f"{name}: {error}")) as scope:
        sibling = scope.start(_forever(), name="sibling")
        failing = scope.start(_fail(), name="bad")
        await asyncio.wait({failing})
        await asyncio.sleep(0)
        assert not sibling.done()
    assert failures == ["test.bad: broken"]


async def test_all_of_gives_results_in_order_or_the_first_failure() -> None:
    async def value(number: int) -> int:
        await asyncio.sleep(0)
        return number

    assert await all_of(value(1), value(2)) == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        await all_of(_forever(), _fail())


async def test_unless_stops_waiting_when_told() -> None:
    stop = asyncio.Event()
    stop.set()
    assert await unless(stop, _forever()) is None
    with pytest.raises(ValueError, match="broken"):
        await unless(asyncio.Event(), _fail())


async def test_cancel_waits_for_cleanup() -> None:
    cleaned: list[str] = []

    async def work() -> AsyncIterator[None]:
        try:
            await _forever()
            yield
        finally:
            cleaned.append("done")

    async def run() -> None:
        async for _ in work():
            pass

    async with TaskScope("test") as scope:
        task = scope.start(run(), name="a")
        await asyncio.sleep(0)
        await cancel(task)
        assert cleaned == ["done"]


def test_backoff_grows_to_its_limit() -> None:
    waits = backoff_s(1, limit_s=5, jitter=0)
    assert [next(waits) for _ in range(5)] == [1, 2, 4, 5, 5]
