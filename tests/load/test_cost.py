"""Proves MT1 and the rule that cost is watched: a few calls through the whole platform, in counters that do not depend on the machine's speed.

The limits are about 1.6 times what the platform needed when they were set, on a busy machine. CPU is compared in two units of the same run and
minute, a fixed loop and the simulated carrier's own work; only when both say so has it grown: a busy machine makes all work dearer, each unit in
its own way.
"""

import asyncio
import os
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from callstage_testing.bench.fakes_process import fake_vendors
from callstage_testing.bench.plan import BenchPlan
from callstage_testing.bench.regression import CallCosts, measure_calls
from callstage_testing.bench.targets import stack_target

CALLS = 5
STEADY_S = 20.0
LOOPS_LIMIT = 38.0
CARRIERS_LIMIT = 5.8
LINK_MESSAGES_LIMIT = 2000.0
JOURNAL_WRITES_LIMIT = 28.0
EVENTS_LIMIT = 3.5


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Generator[CallCosts]:
    """Five calls for twenty seconds against vendors with fixed timings."""
    home: Path = tmp_path_factory.mktemp("cost")
    plan = replace(BenchPlan.from_environment(os.environ), home=home, runtimes=1, gateways=1, endpointing="")
    with fake_vendors() as vendors, stack_target(plan, vendors) as target:
        yield asyncio.run(measure_calls(target, vendors, calls=CALLS, steady_s=STEADY_S))


def test_every_turn_is_answered(measured: CallCosts) -> None:
    assert (measured.failures, measured.unanswered) == ((), 0), measured
    assert measured.turns >= CALLS, measured


def test_a_call_minute_takes_no_more_cpu_than_it_did(measured: CallCosts) -> None:
    assert min(measured.in_loops / LOOPS_LIMIT, measured.in_carriers / CARRIERS_LIMIT) < 1, measured


def test_messages_writes_and_events_stay_few(measured: CallCosts) -> None:
    assert measured.link_messages_per_minute < LINK_MESSAGES_LIMIT, measured
    assert measured.journal_writes_per_turn < JOURNAL_WRITES_LIMIT, measured
    assert measured.events_per_turn < EVENTS_LIMIT, measured
