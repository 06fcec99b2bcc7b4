"""Waiting times between attempts."""

import random
from collections.abc import Iterator


def backoff_s(first_s: float = 0.1, *, factor: float = 2.0, limit_s: float = 10.0, jitter: float = 0.2) -> Iterator[float]:
    """Endless waiting times: growing by `factor` up to `limit_s`, spread by ± `jitter` so that clients do not come back together."""
    wait_s = first_s
    while True:
        yield wait_s * random.uniform(1 - jitter, 1 + jitter)
        wait_s = min(wait_s * factor, limit_s)
