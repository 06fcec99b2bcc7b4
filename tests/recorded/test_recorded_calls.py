"""Proves K6 S1 S2 S3: calls that were recorded on a real stack still decide as they did. A difference here is a change of behaviour, wanted or not.

A wanted change of turn-taking or prompts is accepted with `callstage replay tests/recorded/<name>.json --accept`; after any other one the call is
recorded again: `callstage fixture <call id> > tests/recorded/<name>.json` (docs/latency.md).
"""

from pathlib import Path

import pytest
from agent_runtime.replay.fixture import recordings_in
from agent_runtime.replay.player import replay

FIXTURES = sorted(Path(__file__).parent.glob("*.json"))


def test_there_are_recorded_calls() -> None:
    assert len(FIXTURES) >= 2


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_it_still_decides_the_same(path: Path) -> None:
    recordings = recordings_in(path.read_bytes())
    outcomes = [replay(recording) for recording in recordings]
    told = [line for outcome in outcomes for difference in outcome.differences for line in difference.lines()]
    assert not told, "\n".join(told)
    assert sum(outcome.decisions for outcome in outcomes) > 10
