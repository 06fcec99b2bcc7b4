"""Waits for what no page shows."""

import time
from collections.abc import Callable


def until(is_so: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
    """Asks again and again until the answer is yes. Raises AssertionError."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.1)
