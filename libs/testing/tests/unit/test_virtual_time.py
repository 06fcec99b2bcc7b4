"""Proves that virtual time jumps, waits for threads and in-process sockets, and that left tasks fail."""

import asyncio
import time

import pytest
from callstage_testing.virtual_time import PendingTasksLeft, in_virtual_time, run_virtual


@in_virtual_time
async def test_an_hour_takes_no_time() -> None:
    started = time.monotonic()
    loop = asyncio.get_running_loop()
    before = loop.time()
    await asyncio.sleep(3600)
    assert loop.time() - before == pytest.approx(3600)
    assert time.monotonic() - started < 60


@in_virtual_time
async def test_the_clock_stands_still_while_a_thread_works() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(10):
            await asyncio.sleep(11)
    before = asyncio.get_running_loop().time()
    async with asyncio.timeout(0.01):
        await asyncio.to_thread(time.sleep, 0.05)
    assert asyncio.get_running_loop().time() - before < 0.01


@in_virtual_time
async def test_loopback_sockets_work() -> None:
    async def upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        writer.close()

    server = await asyncio.start_server(upper, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"hello\n")
    async with asyncio.timeout(5):
        assert await reader.read() == b"HELLO\n"
    writer.close()
    await writer.wait_closed()
    server.close()


def test_left_tasks_fail() -> None:
    kept: list[object] = []

    async def leaky() -> None:
        kept.append(asyncio.ensure_future(asyncio.sleep(1000)))

    with pytest.raises(PendingTasksLeft, match="sleep"):
        run_virtual(leaky())
