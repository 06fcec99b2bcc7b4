"""What a fake does wrong on purpose, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callstage_testing.fakes.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour. Fields combine: `Fault(delay_s=2, status=503)` waits, then refuses.

    `*_after` counts stream items (SSE chunks, audio chunks, WebSocket messages) that still leave undamaged.
    """

    delay_s: float = 0.0
    status: int | None = None
    """Answer with this HTTP status and the vendor's own error body."""
    message: str = "scripted failure"
    retry_after_s: float | None = None
    drop_before: bool = False
    """Cut the TCP connection before the request is processed."""
    drop_after: bool = False
    """Process the request, then cut the connection instead of answering."""
    hold_s: float = 0.0
    """Process the request, then keep the answer back so long."""
    raw_body: bytes | None = None
    """Answer 200 with exactly these bytes (malformed JSON, HTML of a proxy …)."""
    stall_after: int | None = None
    disconnect_after: int | None = None
    malformed_after: int | None = None


@dataclass(slots=True)
class _Planned:
    fault: Fault
    times: int | None
    when: Callable[[Exchange], bool] | None


class FaultPlan:
    """Faults in the order they were added; the first that matches a request is used up by it."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def add(self, fault: Fault, *, times: int | None = 1, when: Callable[[Exchange], bool] | None = None) -> None:
        """Apply `fault` to the next `times` matching requests (`None`: to all of them until `clear`)."""
        self._planned.append(_Planned(fault, times, when))

    def clear(self) -> None:
        self._planned.clear()

    def take(self, exchange: Exchange) -> Fault | None:
        for planned in self._planned:
            if planned.when is not None and not planned.when(exchange):
                continue
            if planned.times is not None:
                planned.times -= 1
                if planned.times <= 0:
                    self._planned.remove(planned)
            return planned.fault
        return None
