"""Proves that the bench measures a whole call: caller process, fakes and the floor bot, each in its own process."""

import asyncio

import pytest
from callstage_testing.bench.attribution import VendorRecords
from callstage_testing.bench.caller_processes import caller_processes
from callstage_testing.bench.callers import CallersReport
from callstage_testing.bench.fakes_process import fake_vendors
from callstage_testing.bench.targets import Target, floor_target


async def _one_call(target: Target) -> CallersReport:
    async with caller_processes(target, calls=1, steady_s=0.1) as callers:
        return await callers.report()


@pytest.mark.slow
def test_one_turn_is_measured_and_explained() -> None:
    with fake_vendors() as vendors, floor_target(vendors) as target:
        [call] = asyncio.run(_one_call(target)).calls
        records: VendorRecords = vendors.records()
    assert call.failure is None
    assert call.problems == []
    assert call.greeting_ms is not None
    [turn] = call.turns
    found = records.waterfall(turn)
    assert found is not None
    # The scripted times of the fakes, however slow this machine is.
    assert found.p_stt_ms >= 49
    assert found.p_llm_ms >= 185
    assert found.p_tts_ms >= 99
    assert turn.spoken_s > 5
