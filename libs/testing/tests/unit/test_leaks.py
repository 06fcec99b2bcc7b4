"""Proves that the plugin catches left tasks, sockets and threads, and callbacks that hold the loop."""

import asyncio
import socket
import threading
import time

import pytest
from callstage_testing import leaks

NOTHING = frozenset[str]()


async def test_tasks_sockets_and_threads_are_seen() -> None:
    before, tasks = leaks.Snapshot(), asyncio.all_tasks()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="left-thread")
    thread.start()
    left_socket = socket.socket()
    task = asyncio.ensure_future(asyncio.sleep(100))
    try:
        found = "\n".join(await leaks.leaks_after(tasks, before, NOTHING))
    finally:
        task.cancel()
        left_socket.close()
        stop.set()
        thread.join()
    assert "pending task" in found
    assert "open socket" in found
    assert "left-thread" in found
    assert await leaks.leaks_after(tasks, before, NOTHING) == []


@pytest.mark.blocking_allowed
async def test_a_blocking_callback_is_caught_with_its_stack() -> None:
    watch = leaks.LoopWatch(0.1)
    watch.install()
    try:
        asyncio.get_running_loop().call_soon(time.sleep, 0.25)
        await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
    finally:
        watch.remove()
    assert watch.blocked
    worst = max(watch.blocked, key=lambda block: block.seconds)
    assert worst.seconds >= 0.24
    assert "test_leaks" in worst.stack or "sleep" in worst.callback
