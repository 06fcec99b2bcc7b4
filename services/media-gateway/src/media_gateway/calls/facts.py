"""What is known of a call before its media flows."""

from dataclasses import dataclass, field
from typing import Any, Literal

from callstage_contracts.pb.common.v1 import common_pb2
from callstage_domain.call import CallChannel
from callstage_domain.ids import CallId, SessionId

from media_gateway.calls.embed_visit import EmbedVisit

ResumeKind = Literal["none", "takeover", "session"]
"""takeover: this very call ran on another gateway (rule C5). session: a new call on an old history (rule WS6)."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Times are Unix ms. Phone fields are E.164 where the carrier's text could be read as a number."""

    call_id: CallId
    session_id: SessionId
    tenant_id: str
    agent_id: str
    deployment: int
    channel: CallChannel
    caller_phone: str
    to_number: str
    carrier_call_id: str
    begun_at_ms: int
    lookup_until_ms: int = 0
    """0: no caller lookup runs."""
    resume: ResumeKind = "none"
    is_test: bool = False
    embed: EmbedVisit | None = None
    """Not None: it came in through a page with an embed token."""
    is_message: bool = False
    """The caller leaves a message; there is no agent (rule N5)."""
    variables: dict[str, Any] = field(default_factory=dict[str, Any])

    def context(self) -> common_pb2.CallContext:
        """For the runtime and the sandbox."""
        return common_pb2.CallContext(
            call_id=self.call_id,
            session_id=self.session_id,
            tenant_id=self.tenant_id,
            agent_id=self.agent_id,
            deployment=self.deployment,
            channel=self.channel,
            direction="inbound",
            caller_phone=self.caller_phone,
            to_number=self.to_number,
            carrier_call_id=self.carrier_call_id,
            is_test=self.is_test,
        )
