"""Bodies of the tenant, its carriers and webhook keys."""

import base64
import binascii
from datetime import datetime
from typing import Annotated

from callstage_contracts.buckets import PlanLimits
from pydantic import AfterValidator, Field, StringConstraints

from control_api.web.schema import Body, Reply


def _ed25519_key(value: str) -> str:
    try:
        size = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError) as err:
        raise ValueError("must be base64") from err
    if size != 32:
        raise ValueError("must be base64 of a 32-byte Ed25519 public key")
    return value


Secret = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class TenantReply(Reply):
    """The organisation."""

    tenant_id: str
    name: str
    country: str
    plan: PlanLimits
    is_active: bool
    created_at: datetime


class TenantPatch(Body):
    """What an owner may change; the plan is not among it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None


class TwilioPut(Body):
    """The tenant's own Twilio account."""

    account_sid: Annotated[str, StringConstraints(pattern=r"^AC[0-9a-zA-Z]{4,64}$")]
    auth_token: Secret


class TelnyxPut(Body):
    """The tenant's own Telnyx account."""

    public_key: Annotated[str, AfterValidator(_ed25519_key)]
    api_key: Secret | None = None


class TwilioReply(Reply):
    """Without the token."""

    account_sid: str
    has_auth_token: bool = True


class TelnyxReply(Reply):
    """Without the key."""

    public_key: str
    has_api_key: bool


class CarrierWebhooks(Reply):
    """Addresses to enter at the carrier, so that its calls come here."""

    twilio_voice_url: str = Field(description='Twilio, of a number: "A call comes in", HTTP POST.')
    telnyx_webhook_url: str = Field(description="Telnyx, of a Voice API application: the webhook URL, API v2.")


class CarriersReply(Reply):
    """What is stored; secrets never come back."""

    twilio: TwilioReply | None
    telnyx: TelnyxReply | None
    webhooks: CarrierWebhooks


class WebhookKeyCreate(Body):
    """Rotation: the key before stays valid for that long."""

    overlap_s: Annotated[int, Field(ge=0, le=30 * 24 * 3600)] = 24 * 3600


class WebhookKeyReply(Reply):
    """A key without its secret; the first in a list signs."""

    id: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None


class WebhookKeyCreated(WebhookKeyReply):
    """The only reply that shows the secret."""

    webhook_key: str


class WebhookKeyList(Reply):
    """Keys that are valid now."""

    webhook_keys: list[WebhookKeyReply]
