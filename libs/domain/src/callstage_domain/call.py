"""The words of a call record: channel, direction, why it ended and whose fault that was."""

from enum import StrEnum
from typing import Literal

CallChannel = Literal["twilio", "telnyx", "browser", "embed", "webrtc", "email", "chat"]
CallDirection = Literal["inbound", "outbound"]
Fault = Literal["nobody", "caller", "agent_design", "platform", "provider", "carrier", "operator"]


class EndedReason(StrEnum):
    """Closed set (rule K5); `fault_of` names who is at fault."""

    CALLER_HUNG_UP = "caller_hung_up"
    AGENT_ENDED = "agent_ended"
    TRANSFERRED = "transferred"
    IDLE_TIMEOUT = "idle_timeout"
    MAX_DURATION = "max_duration"
    CLIENT_STOPPED = "client_stopped"
    CLIENT_MISBEHAVED = "client_misbehaved"
    BLOCKED = "blocked"
    NOT_DEPLOYED = "not_deployed"
    OVERLOAD = "overload"
    PLAN_LIMIT = "plan_limit"
    PROVIDER_FAILED = "provider_failed"
    RUNTIME_LOST = "runtime_lost"
    GATEWAY_LOST = "gateway_lost"
    CARRIER_FAILED = "carrier_failed"
    SHUTDOWN = "shutdown"
    INTERNAL_ERROR = "internal_error"


_FAULTS: dict[EndedReason, Fault] = {
    EndedReason.CALLER_HUNG_UP: "nobody",
    EndedReason.AGENT_ENDED: "nobody",
    EndedReason.TRANSFERRED: "nobody",
    EndedReason.IDLE_TIMEOUT: "caller",
    EndedReason.MAX_DURATION: "agent_design",
    EndedReason.CLIENT_STOPPED: "nobody",
    EndedReason.CLIENT_MISBEHAVED: "caller",
    EndedReason.BLOCKED: "nobody",
    EndedReason.NOT_DEPLOYED: "agent_design",
    EndedReason.OVERLOAD: "platform",
    EndedReason.PLAN_LIMIT: "operator",
    EndedReason.PROVIDER_FAILED: "provider",
    EndedReason.RUNTIME_LOST: "platform",
    EndedReason.GATEWAY_LOST: "platform",
    EndedReason.CARRIER_FAILED: "carrier",
    EndedReason.SHUTDOWN: "operator",
    EndedReason.INTERNAL_ERROR: "platform",
}


def fault_of(reason: EndedReason) -> Fault:
    """Who has to act when calls end like this."""
    return _FAULTS[reason]
