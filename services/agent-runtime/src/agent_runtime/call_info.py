"""Who and what a conversation is about, inside this service."""

from dataclasses import dataclass, field, replace
from typing import Any

from callstage_domain.audio import AudioFormat


@dataclass(frozen=True, slots=True)
class CallInfo:
    """As `CallContext` on the wire."""

    call_id: str
    session_id: str
    tenant_id: str
    agent_id: str
    deployment: int
    channel: str = "browser"
    direction: str = "inbound"
    caller_phone: str = ""
    to_number: str = ""
    carrier_call_id: str = ""
    is_test: bool = False

    def on_session(self, session_id: str) -> "CallInfo":
        """The same call on another session."""
        return replace(self, session_id=session_id)

    def metadata(self) -> dict[str, Any]:
        """The first source of variables (rule V4)."""
        return {"caller_phone": self.caller_phone, "to_number": self.to_number, "call_sid": self.carrier_call_id or self.call_id}


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """A conversation goes on. `is_new_call`: a client came back to an old session. `sent_ms` of the utterance are played whatever happens."""

    utterance: str = ""
    heard_ms: float = 0.0
    is_new_call: bool = False
    sent_ms: float = 0.0
    is_new_gateway: bool = False


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call to be opened."""

    info: CallInfo
    uplink: AudioFormat
    downlink: AudioFormat
    request_variables: dict[str, Any] = field(default_factory=dict[str, Any])
    lookup_wait_ms: float = 0.0
    resume: ResumePoint | None = None
