"""How often the agent is silenced by nothing, and how often a caller is not let in: the labelled corpus of `tests/turn_taking`, played offline.

The corpus drives code of two services, which this library may not import: it runs in a process of its own, from the repository.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TIME_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class TurnTaking:
    """Shares (0..1) and, by label, scenes, wrong ones, and those in which the agent paused."""

    false_rate: float
    missed_rate: float
    silenced_p50_ms: float | None
    silenced_p95_ms: float | None
    labels: dict[str, dict[str, int]]


def measure_turn_taking(root: Path) -> TurnTaking | None:
    """None where the corpus is not (an installation without the repository) or cannot be played."""
    if not (root / "tests" / "turn_taking" / "rates.py").exists():
        return None
    command = [sys.executable, "-m", "tests.turn_taking.rates", "--json"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=_TIME_LIMIT_S, check=True)  # noqa: S603
        found: dict[str, Any] = json.loads(done.stdout)
        return TurnTaking(**found)
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


def turn_taking_lines(found: TurnTaking | None) -> str:
    """For the terminal; empty when nothing was measured."""
    if found is None:
        return ""
    rows = ["| caller over the agent | scenes | wrong | agent paused |", "|---|---|---|---|"]
    rows += [f"| {label.replace('_', ' ')} | {row['scenes']} | {row['wrong']} | {row['paused']} |" for label, row in found.labels.items()]
    silenced = f"; agent silent after p50 {_ms(found.silenced_p50_ms)}, p95 {_ms(found.silenced_p95_ms)}"
    rates = f"False interruptions {found.false_rate:.1%} (at most 2 %), missed interruptions {found.missed_rate:.1%} (at most 3 %)"
    return "\n".join([*rows, "", rates + silenced])


def _ms(value: float | None) -> str:
    return f"{value:.0f} ms" if value is not None else "-"
