"""Where a call to a number goes, and who may not call."""

from typing import Literal

from callstage_domain.agent import Frozen
from callstage_domain.ids import TenantId

RouteType = Literal["ai_agent", "extension", "queue", "ringgroup", "ivr", "external", "voicemail"]
TransferType = Literal["extension", "queue", "ringgroup", "ivr", "external", "voicemail"]
FallbackType = Literal["external", "ringgroup", "voicemail", "message"]
BlockDirection = Literal["inbound", "outbound", "both"]
Carrier = Literal["twilio", "telnyx"]


class Fallback(Frozen):
    """Rule N5: what a caller gets when the AI cannot answer. `target` is E.164 for `external`, a text for `message` and `voicemail`."""

    type: FallbackType
    target: str | None = None


class NumberRoute(Frozen):
    """Rule N1: one number (E.164) of a tenant."""

    tenant_id: TenantId
    number: str
    inbound_route: RouteType = "ai_agent"
    route_target: str | None = None
    ai_transfer_type: TransferType | None = None
    ai_transfer_target: str | None = None
    fallback: Fallback | None = None


class BlockedNumber(Frozen):
    """Rule N3. `number` is E.164."""

    tenant_id: TenantId
    number: str
    direction: BlockDirection = "both"
    reason: str | None = None
