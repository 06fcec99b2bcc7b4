"""Proves WS7: what waits for a reader is bounded in bytes and in time; a flood is bounded too."""

import asyncio
from typing import Any

from callstage_kit.tasks import TaskScope
from media_gateway.legs.flood import BURST_MS, AudioAllowance
from media_gateway.legs.outbox import Outbox


class Reader:
    """Takes frames while `is_reading` is set."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.is_reading = asyncio.Event()
        self.is_reading.set()

    async def __call__(self, frame: dict[str, Any]) -> None:
        await self.is_reading.wait()
        self.frames.append(frame)


async def test_frames_leave_in_order_and_media_can_be_dropped() -> None:
    reader, stuck = Reader(), list[str]()
    outbox = Outbox(reader, stuck.append)
    written: list[str] = []
    outbox.put("a", is_media=True)
    outbox.put(b"b", is_media=True)
    outbox.drop_media()
    outbox.put("clear", sent=lambda: written.append("clear"))
    outbox.put(b"c", is_media=True)
    outbox.finish()
    await outbox.run()
    assert [frame.get("text") or frame.get("bytes") for frame in reader.frames] == ["clear", b"c"]
    assert written == ["clear"]
    assert not stuck


async def test_too_many_bytes() -> None:
    reader, stuck = Reader(), list[str]()
    reader.is_reading.clear()
    outbox = Outbox(reader, stuck.append, max_bytes=1000)
    async with TaskScope("test") as scope:
        scope.start(outbox.run(), name="run")
        for _ in range(100):
            outbox.put(bytes(100), is_media=True)
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await outbox.written()
    assert len(stuck) == 1
    assert "does not read" in stuck[0]


async def test_too_long_a_stall() -> None:
    reader, stuck = Reader(), list[str]()
    reader.is_reading.clear()
    outbox = Outbox(reader, stuck.append, max_stall_s=0.05)
    outbox.put("x")
    await outbox.run()
    assert len(stuck) == 1
    outbox.put("y")
    await outbox.run()
    assert not reader.frames


def test_four_times_real_time_is_the_limit() -> None:
    allowance = AudioAllowance(0)
    assert allowance.take(BURST_MS, 0)
    assert all(allowance.take(3_900, now) for now in range(1000, 60_000, 1000))
    fast = AudioAllowance(0)
    assert not all(fast.take(5_000, now) for now in range(1000, 60_000, 1000))
