"""What the drills print."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from callstage_testing.drills.kills import MOMENTS, Kill
from callstage_testing.drills.rolling import RollingReport

MUST_S = 1.0
STRETCH_S = 0.3


def render_kills(kills: Sequence[Kill]) -> str:
    """A table by moment of the death, and the verdict."""
    lines = ["| killed while | kills | gap p50 | p95 | worst | of it own p50 | p95 | worst |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for moment in MOMENTS:
        some = [kill for kill in kills if kill.moment == moment]
        if some:
            lines.append(f"| {moment} | {len(some)} | {_spread([kill.gap_s for kill in some])} | {_spread([kill.own_s for kill in some])} |")
    good = sum(kill.own_s <= MUST_S and not kill.trouble for kill in kills)
    best = sum(kill.own_s <= STRETCH_S and not kill.trouble for kill in kills)
    lines.append(f"\nWithin {MUST_S:.1f} s + provider time: {good} of {len(kills)}; within {STRETCH_S:.1f} s: {best} of {len(kills)}.")
    lines.extend(f"- {kill.moment}: {kill.trouble}" for kill in kills if kill.trouble)
    return "\n".join(lines) + "\n"


def render_rolling(report: RollingReport) -> str:
    """What callers noticed of the restart."""
    answers = [answer for call in report.calls for answer in call.answers_s]
    lost_calls = [call for call in report.calls if call.trouble]
    lines = [
        f"{len(report.calls)} calls, {len(answers)} turns answered.",
        f"Calls lost: {len(lost_calls)}, turns lost: {sum(call.lost for call in report.calls)}.",
        f"End of speech → answer: p50 {_seconds(answers, 0.5)}, p95 {_seconds(answers, 0.95)}, worst {max(answers, default=0.0):.2f} s.",
        f"Moved to another gateway: {sum(call.streams > 1 for call in report.calls)} calls.",
    ]
    lines.extend(
        f"- {restart.service}: left after {restart.stopped_s:.1f} s, ready again after {restart.ready_s:.1f} s" for restart in report.restarts
    )
    lines.extend(f"- lost ({call.carrier}): {call.trouble}" for call in lost_calls)
    return "\n".join(lines) + "\n"


def _spread(values: Sequence[float]) -> str:
    return f"{_seconds(values, 0.5)} | {_seconds(values, 0.95)} | {max(values):.2f} s"


def _seconds(values: Sequence[float], share: float) -> str:
    if len(values) < 2:
        return f"{values[0]:.2f} s" if values else "–"
    return f"{statistics.quantiles(values, n=100, method='inclusive')[int(share * 100) - 1]:.2f} s"
