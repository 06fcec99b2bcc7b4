"""Proves A2 (deadlines by phase): connecting and first byte, the gap between two pieces, and the whole answer."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from agent_runtime.providers.capabilities import LlmCapabilities, SttCapabilities, TtsCapabilities, described, speaks
from agent_runtime.providers.failures import BEGUN, TIMEOUT, Begun, Deadlines, watched
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.virtual_time import in_virtual_time

LIMITS = Deadlines(connect_s=1.0, first_byte_s=2.0, gap_s=0.5, total_s=10.0)


async def pieces(first_s: float, gap_s: float, count: int, piece: str | Begun | None = "x") -> AsyncGenerator[str | Begun | None, None]:
    for index in range(count):
        await asyncio.sleep(gap_s if index else first_s)
        yield piece


async def outcome(items: AsyncGenerator[str | Begun | None, None], limits: Deadlines = LIMITS) -> tuple[str, float]:
    """The phase that took too long, or "", and when it was over."""
    try:
        _ = [item async for item in watched(items, "llm", "v", limits)]
    except DependencyError as err:
        return err.phase if err.code == TIMEOUT else err.code, asyncio.get_running_loop().time()
    return "", asyncio.get_running_loop().time()


@pytest.mark.parametrize(
    ("first_s", "gap_s", "count", "phase", "ends_s"),
    [
        (2.9, 0.4, 5, "", 4.5),
        (3.1, 0.1, 5, "first_byte", 3.0),
        (0.1, 0.6, 5, "stream", 0.6),
        (0.1, 0.4, 1000, "stream", 10.0),
    ],
    ids=["good", "first", "gap", "whole"],
)
@in_virtual_time
async def test_each_phase_has_its_deadline(first_s: float, gap_s: float, count: int, phase: str, ends_s: float) -> None:
    assert await outcome(pieces(first_s, gap_s, count)) == (phase, pytest.approx(ends_s))


@in_virtual_time
async def test_signs_of_life_are_no_answer_but_keep_it_alive_up_to_the_end() -> None:
    assert await outcome(pieces(0.1, 0.4, 1000, None)) == ("stream", pytest.approx(10.0))
    begun: list[bool] = []
    assert [item async for item in watched(pieces(0.1, 0.4, 3, BEGUN), "llm", "v", LIMITS, on_begin=lambda: begun.append(True))] == []
    assert begun == [True] * 3


@in_virtual_time
async def test_what_the_listener_takes_does_not_count_against_the_vendor() -> None:
    heard = 0
    async for _ in watched(pieces(0.1, 0.1, 20), "tts", "v", replace(LIMITS, total_s=3.0)):
        heard += 1
        await asyncio.sleep(1.0)
    assert heard == 20


def test_capabilities_are_told_as_plain_values() -> None:
    ulaw = (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)
    assert described(TtsCapabilities(ulaw, speed_range=(0.5, 2.0))) == {
        "formats": ["pcmu_8k", "pcm16_16k"],
        "takes_ulaw": True,
        "word_times": False,
        "incremental_text": False,
        "speed_range": [0.5, 2.0],
        "languages": None,
        "is_offline": False,
    }
    assert described(SttCapabilities((AudioFormat.PCM16_24K,)))["takes_ulaw"] is False
    assert described(LlmCapabilities(tools=False))["tools"] is False


def test_languages_are_compared_by_their_first_part() -> None:
    assert speaks(None, "de")
    assert speaks(("en",), "en-GB")
    assert not speaks(("en",), "de_DE")
