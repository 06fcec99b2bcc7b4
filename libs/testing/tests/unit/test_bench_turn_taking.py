"""Proves A2's numbers in the bench: the rates of the corpus are read and shown, and their absence is no failure."""

from pathlib import Path

from callstage_testing.bench.turn_taking import TurnTaking, measure_turn_taking, turn_taking_lines

_CORPUS = """
import json
labels = {"double_talk": {"scenes": 3, "wrong": 1, "paused": 2}}
print(json.dumps({"false_rate": 0.01, "missed_rate": 0.02, "silenced_p50_ms": 200.0, "silenced_p95_ms": None, "labels": labels}))
"""


def test_rates_of_a_corpus(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "turn_taking"
    folder.mkdir(parents=True)
    (folder / "rates.py").write_text(_CORPUS)
    found = measure_turn_taking(tmp_path)
    assert found == TurnTaking(0.01, 0.02, 200.0, None, {"double_talk": {"scenes": 3, "wrong": 1, "paused": 2}})
    shown = turn_taking_lines(found)
    assert "| double talk | 3 | 1 | 2 |" in shown
    assert "False interruptions 1.0% (at most 2 %), missed interruptions 2.0% (at most 3 %)" in shown


def test_without_a_corpus_nothing_is_shown(tmp_path: Path) -> None:
    assert measure_turn_taking(tmp_path) is None
    assert turn_taking_lines(None) == ""
    broken = tmp_path / "tests" / "turn_taking"
    broken.mkdir(parents=True)
    (broken / "rates.py").write_text("raise SystemExit(3)")
    assert measure_turn_taking(tmp_path) is None
