"""Telnyx behind the carrier interface."""

from callstage_contracts.buckets import TenantRecord
from callstage_domain.errors import CallerError
from callstage_domain.route import Carrier
from callstage_kit.crypto import SecretBox

from media_gateway.carriers import markup
from media_gateway.carriers.port import Announcement, StreamInstructions, Webhook
from media_gateway.carriers.telnyx import document, signature
from media_gateway.carriers.telnyx.stream_protocol import TelnyxStream


class TelnyxEdge:
    """Rule C2. `codec` is PCMU, PCMA or L16 (16 kHz)."""

    name: Carrier = "telnyx"
    webhook_path = "/incoming/telnyx"
    stream_path = "/ws/telnyx/stream"
    resume_path = "/incoming/telnyx/resume"
    status_path = "/incoming/telnyx/status"

    def __init__(self, codec: str = "PCMU") -> None:
        self._codec = codec

    def is_signed(self, webhook: Webhook, tenant: TenantRecord, secrets: SecretBox, now_s: float) -> bool:
        """Checked when the tenant has stored the account's public key."""
        if tenant.telnyx is None or not tenant.telnyx.public_key:
            return True
        timestamp = webhook.headers.get("telnyx-timestamp", "")
        return signature.is_valid(tenant.telnyx.public_key, timestamp, webhook.body, webhook.headers.get("telnyx-signature-ed25519", ""), now_s)

    def announce(self, webhook: Webhook) -> Announcement:
        """Raises CallerError without a CallSid, which is the call_control_id."""
        call_sid = webhook.value("CallSid")
        if not call_sid:
            raise CallerError("the request has no CallSid", code="missing_parameter", details={"parameter": "CallSid"})
        return Announcement(call_sid, webhook.value("From"), webhook.value("To"), webhook.value("CallStatus"))

    def stream_document(self, instructions: StreamInstructions) -> str:
        """TeXML."""
        return document.stream_document(instructions, self._codec, 16_000 if self._codec == "L16" else 8000)

    def reject_document(self) -> str:
        """Telnyx has answered already when it asks, so that `<Reject>` may do nothing: hang up then."""
        return markup.document(markup.REJECT, markup.HANG_UP)

    def new_dialect(self) -> TelnyxStream:
        """For one socket."""
        return TelnyxStream(self._codec)
