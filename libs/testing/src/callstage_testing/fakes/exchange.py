"""The record of one request or WebSocket connection, with times that a bench can attribute."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callstage_testing.fakes.faults import Fault


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened inside an exchange, `at` on CLOCK_MONOTONIC (comparable between processes of one machine)."""

    at: float
    name: str
    detail: str = ""


@dataclass(slots=True)
class Exchange:
    """One request as it arrived. `body` is the raw bytes; for a WebSocket it stays empty and `messages` grows."""

    index: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Header names in lower case."""
    body: bytes = b""
    received_at: float = field(default_factory=time.monotonic)
    fault: Fault | None = None
    status: int | None = None
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    moments: list[Moment] = field(default_factory=list[Moment])
    binary_bytes: int = 0
    """Binary WebSocket bytes received."""
    outcome: str = "open"
    """`open`, `done`, `client_gone`, `faulted`."""

    @property
    def json(self) -> Any:
        """The body decoded; raises `ValueError` when it is not JSON."""
        return json.loads(self.body)

    def note(self, name: str, detail: str = "") -> float:
        at = time.monotonic()
        self.moments.append(Moment(at, name, detail))
        return at

    def at(self, name: str) -> float | None:
        """Time of the first moment with that name."""
        return next((moment.at for moment in self.moments if moment.name == name), None)

    def export(self) -> dict[str, Any]:
        """A JSON-ready form for a bench that runs in another process."""
        return {
            "index": self.index,
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "body": self.body.decode(errors="replace"),
            "received_at": self.received_at,
            "status": self.status,
            "outcome": self.outcome,
            "binary_bytes": self.binary_bytes,
            "moments": [[moment.at, moment.name, moment.detail] for moment in self.moments],
        }
