"""What a run ended with: kept in the ledger, sent to the runtime."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import orjson


class RunStatus(StrEnum):
    """`unknown`: the effect may or may not have happened; never repeat it (rule T8)."""

    OK = "ok"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class HostCallRecord:
    """One call of tool code to the outside (rule T9)."""

    name: str
    duration_ms: int
    is_error: bool
    detail: dict[str, Any] | None = None
    """Of a webhook delivery: url, status, response."""


@dataclass(frozen=True, slots=True)
class ScopeName:
    """A name of the tool's code and the type of its value, never the value: `order: dict[str, int]`, `rows: list[dict] (3)`."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """`result` and `session` are JSON objects; `model_text` tells the model what went wrong; `speech` is said as it is (rule W2)."""

    status: RunStatus
    result: dict[str, Any] = field(default_factory=dict[str, Any])
    model_text: str = ""
    speech: str = ""
    run_llm: bool | None = None
    session: dict[str, Any] | None = None
    logs: list[str] = field(default_factory=list[str])
    host_calls: list[HostCallRecord] = field(default_factory=list[HostCallRecord])
    duration_ms: int = 0
    is_replayed: bool = False
    error_code: str = ""
    line: int = 0
    """Of the tool's own code, where it failed; 0: elsewhere."""
    scope: list[ScopeName] = field(default_factory=list[ScopeName])
    """What the body's names held when it failed."""

    @classmethod
    def failed(cls, error_code: str, model_text: str, *, status: RunStatus = RunStatus.FAILED, speech: str = "") -> Self:
        """An outcome without a result."""
        return cls(status=status, error_code=error_code, model_text=model_text, speech=speech)

    def to_json(self) -> bytes:
        """For the ledger."""
        return orjson.dumps(self)

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Inverse of `to_json`."""
        fields: dict[str, Any] = orjson.loads(data)
        calls = [HostCallRecord(**call) for call in fields.pop("host_calls")]
        scope = [ScopeName(**name) for name in fields.pop("scope", [])]
        return cls(status=RunStatus(fields.pop("status")), host_calls=calls, scope=scope, **fields)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One request to run a tool. `run_key` names it for ever: the same key never runs a finished tool again (rule T8)."""

    tenant_id: str
    agent_id: str
    deployment: int
    call_id: str
    tool: str
    run_key: str
    args: dict[str, Any]
    session: dict[str, Any]
    is_preload: bool = False
    hidden_values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Placeholder to value: what shows in place of parts of the arguments in whatever is kept or answered (rule B3)."""
