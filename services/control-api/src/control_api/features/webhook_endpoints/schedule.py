"""When a delivery is tried again, and when its endpoint is given up (rule RE3). Pure."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

RETRY_WAITS_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 23_400.0)
"""After each failed attempt; the eighth and last one comes a day after the first."""
_JITTER = 0.1
GIVE_UP_AFTER = timedelta(days=5)
_GONE = 410

Outcome = Literal["delivered", "retried", "failed"]
Disabled = Literal["gone", "failing"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wait_s` until the next attempt of a delivery that is retried; `disables` the endpoint, and why."""

    outcome: Outcome
    wait_s: float = 0.0
    disables: Disabled | None = None


def verdict(attempts: int, status: int | None, *, failing_since: datetime | None, moment: datetime) -> Verdict:
    """After attempt number `attempts` (from 1) was answered with `status`, None for no answer. `failing_since`: before this attempt."""
    if status is not None and 200 <= status < 300:
        return Verdict("delivered")
    if status == _GONE:
        return Verdict("failed", disables="gone")
    disables: Disabled | None = "failing" if failing_since is not None and moment - failing_since >= GIVE_UP_AFTER else None
    if disables or attempts > len(RETRY_WAITS_S):
        return Verdict("failed", disables=disables)
    return Verdict("retried", wait_s=RETRY_WAITS_S[attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER))
