"""Plays the corpus and counts. `python -m tests.turn_taking.rates [--part tuning|test] [--json] [--wrong]`."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.turn_taking.scenes import Label, Part, scenes
from tests.turn_taking.stage import Outcome, outcome

LABELS: tuple[Label, ...] = ("interruption", "answer", "double_talk", "back_channel", "noise", "echo")
MOST_FALSE = 0.02
MOST_MISSED = 0.03


@dataclass(frozen=True, slots=True)
class Rates:
    """All outcomes of a part. False: the agent was silenced for good by nothing. Missed: a caller was not let in."""

    outcomes: tuple[Outcome, ...]

    def of(self, *labels: Label) -> list[Outcome]:
        return [one for one in self.outcomes if one.scene.label in labels]

    @property
    def false_rate(self) -> float:
        return _wrong_share([one for one in self.outcomes if not one.scene.wants_the_floor])

    @property
    def missed_rate(self) -> float:
        return _wrong_share([one for one in self.outcomes if one.scene.wants_the_floor])

    @property
    def wrong(self) -> list[Outcome]:
        return [one for one in self.outcomes if not one.is_right]

    def silenced_ms(self, share: float) -> float | None:
        """Of the interruptions on a line without echo: how soon the agent was silent."""
        times = sorted(one.silenced_ms for one in self.of("interruption") if one.silenced_ms is not None)
        return times[min(len(times) - 1, int(share * len(times)))] if times else None

    def as_json(self) -> dict[str, Any]:
        by_label = {
            label: {"scenes": len(found), "wrong": sum(not one.is_right for one in found), "paused": sum(one.pauses > 0 for one in found)}
            for label in LABELS
            if (found := self.of(label))
        }
        return {
            "false_rate": self.false_rate,
            "missed_rate": self.missed_rate,
            "silenced_p50_ms": self.silenced_ms(0.5),
            "silenced_p95_ms": self.silenced_ms(0.95),
            "labels": by_label,
        }


def _wrong_share(outcomes: Sequence[Outcome]) -> float:
    return sum(not one.is_right for one in outcomes) / len(outcomes) if outcomes else 0.0


def measure(part: Part) -> Rates:
    """All scenes of a part; about half a minute."""
    return Rates(tuple(outcome(scene) for scene in scenes(part)))


def table(rates: Rates) -> str:
    """For the terminal."""
    rows = ["| label | scenes | wrong | paused |", "|---|---|---|---|"]
    for label, row in rates.as_json()["labels"].items():
        rows.append(f"| {label} | {row['scenes']} | {row['wrong']} | {row['paused']} |")
    silenced = f"{rates.silenced_ms(0.5)} / {rates.silenced_ms(0.95)} ms"
    rows.append("")
    rows.append(f"false interruptions {rates.false_rate:.1%}, missed interruptions {rates.missed_rate:.1%}; silent after (p50 / p95) {silenced}")
    return "\n".join(rows)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--part", choices=("tuning", "test"), default="test")
    arguments.add_argument("--json", action="store_true", help="for programs")
    arguments.add_argument("--wrong", action="store_true", help="list the scenes that went wrong")
    options = arguments.parse_args()
    began = time.perf_counter()
    rates = measure(options.part)
    if options.json:
        sys.stdout.write(json.dumps(rates.as_json()) + "\n")
        return
    for one in rates.wrong if options.wrong else ():
        what = f"silenced {one.silenced_ms}, pauses {one.pauses}, resumed {one.resumed}, answered {one.answered!r}, heard out {one.was_heard_out}"
        sys.stdout.write(f"{one.scene.label:13} {one.scene.name:60} {what}\n")
    sys.stdout.write(f"{table(rates)}\n{len(rates.outcomes)} scenes in {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
