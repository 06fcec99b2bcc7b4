"""What a bench run does: how many calls, how long, on how many processes. Read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FULL_LADDER = (1, 5, 10, 20, 40, 60, 80, 100, 125, 150, 175, 200, 225, 250)
_QUICK_LADDER = (1, 5, 20)

VAD_STOP_MS = 200.0
"""The agent's `silence_threshold_ms`: part of every response, and no overhead."""
PAUSE_BEFORE_TURN_MS = 600.0
"""The caller speaks again so long after the answer has ended."""
ANSWER_TIMEOUT_S = 8.0
BARGE_IN_AFTER_S = 1.5
GREETING = "Hello, this is the bench line. How can I help you?"


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """One run. `target` is `stack` (the five services) or `floor` (a bot that does nothing else: calibrates the harness)."""

    home: Path
    report_path: Path
    is_quick: bool = False
    ladder: tuple[int, ...] = _FULL_LADDER
    steady_s: float = 45.0
    single_call_s: float = 90.0
    barge_in_calls: int = 5
    barge_ins_per_call: int = 4
    tool_runs: int = 200
    runtimes: int = 2
    gateways: int = 1
    target: str = "stack"
    endpointing: str = ""
    """The agent's `endpointing` of speech-to-text; empty: the platform's own choice."""

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> BenchPlan:
        """`BENCH_QUICK`, `BENCH_LADDER=1,20`, `BENCH_RUNTIMES`, `BENCH_GATEWAYS`, `BENCH_TARGET`, `BENCH_ENDPOINTING=400`, `CALLSTAGE_HOME`.

        Raises ValueError for a ladder that is none.
        """
        root = Path(env.get("CALLSTAGE_HOME") or ".callstage").absolute()
        is_quick = env.get("BENCH_QUICK", "") not in ("", "0", "false")
        ladder = parse_ladder(env["BENCH_LADDER"]) if env.get("BENCH_LADDER") else _QUICK_LADDER if is_quick else _FULL_LADDER
        target = env.get("BENCH_TARGET") or "stack"
        if target not in ("stack", "floor"):
            raise ValueError(f"BENCH_TARGET is stack or floor, not {target}")
        return cls(
            home=root / "bench",
            report_path=root / "bench.json",
            is_quick=is_quick,
            ladder=ladder,
            steady_s=25.0 if is_quick else 45.0,
            single_call_s=30.0 if is_quick else 90.0,
            barge_in_calls=6 if is_quick else 5,
            barge_ins_per_call=2 if is_quick else 4,
            tool_runs=100 if is_quick else 200,
            runtimes=int(env.get("BENCH_RUNTIMES") or 1),
            gateways=int(env.get("BENCH_GATEWAYS") or 1),
            target=target,
            endpointing=env.get("BENCH_ENDPOINTING") or "",
        )

    def steady_of(self, calls: int) -> float:
        """Seconds of the steady window. One call alone gets longer, or its percentiles would rest on a handful of turns."""
        return self.single_call_s if calls == 1 else self.steady_s


def parse_ladder(text: str) -> tuple[int, ...]:
    """`1,20` → (1, 20), rising. Raises ValueError."""
    rungs = sorted({int(piece) for piece in text.split(",") if piece.strip()})
    if not rungs or rungs[0] < 1:
        raise ValueError(f"a ladder is a list of numbers of calls, like 1,5,20; not {text!r}")
    return tuple(rungs)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Absolute times of one rung on the monotonic clock, the same for every process of the harness."""

    dial_at: tuple[float, ...]
    steady_at: float
    leave_at: float

    @classmethod
    def starting(cls, at: float, *, calls: int, steady_s: float) -> Schedule:
        """Calls begin spread over about a turn (10 s), so that they do not speak in chorus; steady once the last was greeted."""
        step_s = min(0.4, 10.0 / calls)
        ramp_s = step_s * (calls - 1)
        steady_at = at + ramp_s + (5.0 if calls > 1 else 0.5)
        return cls(tuple(at + step_s * index for index in range(calls)), steady_at, steady_at + steady_s)
