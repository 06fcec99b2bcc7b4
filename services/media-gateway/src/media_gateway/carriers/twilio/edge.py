"""Twilio behind the carrier interface."""

from callstage_contracts.buckets import TenantRecord, twilio_aad
from callstage_domain.errors import CallerError
from callstage_domain.route import Carrier
from callstage_kit.crypto import SecretBox

from media_gateway.carriers import markup
from media_gateway.carriers.port import Announcement, StreamInstructions, Webhook
from media_gateway.carriers.twilio import document, signature
from media_gateway.carriers.twilio.stream_protocol import TwilioStream


class TwilioEdge:
    """Rule C1."""

    name: Carrier = "twilio"
    webhook_path = "/api/twilio/voice"
    stream_path = "/ws/twilio/stream"
    resume_path = "/api/twilio/resume"
    status_path = "/api/twilio/status"

    def is_signed(self, webhook: Webhook, tenant: TenantRecord, secrets: SecretBox, now_s: float) -> bool:
        """Checked when the tenant has stored its auth token."""
        if tenant.twilio is None:
            return True
        token = secrets.open(tenant.twilio.auth_token_sealed, twilio_aad(tenant.tenant_id))
        return signature.is_valid(token, webhook.url, webhook.form, webhook.headers.get("x-twilio-signature", ""))

    def announce(self, webhook: Webhook) -> Announcement:
        """Raises CallerError without a CallSid."""
        call_sid = webhook.value("CallSid")
        if not call_sid:
            raise CallerError("the request has no CallSid", code="missing_parameter", details={"parameter": "CallSid"})
        return Announcement(call_sid, webhook.value("From"), webhook.value("To"), webhook.value("CallStatus"))

    def stream_document(self, instructions: StreamInstructions) -> str:
        """TwiML."""
        return document.stream_document(instructions)

    def reject_document(self) -> str:
        """The call is not answered yet: `<Reject>` costs nothing."""
        return markup.document(markup.REJECT)

    def new_dialect(self) -> TwilioStream:
        """For one socket."""
        return TwilioStream()
