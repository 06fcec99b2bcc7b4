"""The words of a call record: channel, direction, why it ended and whose fault that was."""

from enum import StrEnum
from typing import Literal

CallChannel = Literal["twilio", "telnyx", "browser", "embed", "webrtc", "email", "chat"]
CallDirection = Literal["inbound", "outbound"]
Fault = Literal["nobody", "caller", "agent", "tool", "provider", "carrier", "platform"]
"""Who has to act when calls end like this. `nobody`: as a call should end. `agent`: whoever designs the agent. `platform`: whoever runs Callstage."""


class EndedReason(StrEnum):
    """Closed set (rule K5); each names who is at fault."""

    CALLER_HUNG_UP = "caller_hung_up"
    AGENT_ENDED = "agent_ended"
    TRANSFERRED = "transferred"
    OPERATOR_ENDED = "operator_ended"
    IDLE_TIMEOUT = "idle_timeout"
    MAX_DURATION = "max_duration"
    CLIENT_STOPPED = "client_stopped"
    CLIENT_MISBEHAVED = "client_misbehaved"
    BLOCKED = "blocked"
    NOT_DEPLOYED = "not_deployed"
    OVERLOAD = "overload"
    PLAN_LIMIT = "plan_limit"
    PROVIDER_FAILED = "provider_failed"
    TOOL_FAILED = "tool_failed"
    RUNTIME_LOST = "runtime_lost"
    GATEWAY_LOST = "gateway_lost"
    CARRIER_FAILED = "carrier_failed"
    SHUTDOWN = "shutdown"
    INTERNAL_ERROR = "internal_error"

    @property
    def fault(self) -> Fault:
        """Who has to act when calls end like this."""
        return _FAULTS[self]


_FAULTS: dict[EndedReason, Fault] = {
    EndedReason.CALLER_HUNG_UP: "nobody",
    EndedReason.AGENT_ENDED: "nobody",
    EndedReason.TRANSFERRED: "nobody",
    EndedReason.OPERATOR_ENDED: "nobody",
    EndedReason.IDLE_TIMEOUT: "caller",
    EndedReason.MAX_DURATION: "agent",
    EndedReason.CLIENT_STOPPED: "nobody",
    EndedReason.CLIENT_MISBEHAVED: "caller",
    EndedReason.BLOCKED: "caller",
    EndedReason.NOT_DEPLOYED: "agent",
    EndedReason.OVERLOAD: "platform",
    EndedReason.PLAN_LIMIT: "platform",
    EndedReason.PROVIDER_FAILED: "provider",
    EndedReason.TOOL_FAILED: "tool",
    EndedReason.RUNTIME_LOST: "platform",
    EndedReason.GATEWAY_LOST: "platform",
    EndedReason.CARRIER_FAILED: "carrier",
    EndedReason.SHUTDOWN: "platform",
    EndedReason.INTERNAL_ERROR: "platform",
}

_BY_CODE = {
    "internal": EndedReason.INTERNAL_ERROR,
    "provider_missing": EndedReason.PROVIDER_FAILED,
    "model_not_allowed": EndedReason.PLAN_LIMIT,
}


def ended_reason(text: str) -> EndedReason:
    """The reason behind a failure code or a word on the wire; what nobody knows is an internal error, so that the set stays closed."""
    try:
        return EndedReason(text)
    except ValueError:
        return _BY_CODE.get(text, EndedReason.INTERNAL_ERROR)


def fault_of(reason: EndedReason) -> Fault:
    """`reason.fault`, for those who have a function's place to fill."""
    return reason.fault
