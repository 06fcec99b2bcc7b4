"""Bodies of webhook endpoints and their deliveries (rule RE3)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from control_api.compile.urls import HttpUrlText
from control_api.consumers.webhook_messages import MessageType
from control_api.features.webhook_endpoints.schedule import Disabled
from control_api.web.schema import Body, Reply

DeliveryStatus = Literal["pending", "delivered", "failed"]


def _once(types: list[MessageType]) -> list[MessageType]:
    return list(dict.fromkeys(types))


MessageTypes = Annotated[list[MessageType], Field(min_length=1, max_length=50, description="What it is told of."), AfterValidator(_once)]
Description = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class WebhookEndpointCreate(Body):
    """A new address."""

    url: HttpUrlText
    event_types: MessageTypes
    description: Description = ""


class WebhookEndpointPatch(Body):
    """What is not sent stays. `is_active: true` also starts one again that was switched off for its failures."""

    url: HttpUrlText | None = None
    event_types: MessageTypes | None = None
    description: Description | None = None
    is_active: bool | None = None


class WebhookEndpointReply(Reply):
    """An address, without its secret."""

    id: str
    url: str
    description: str
    event_types: list[MessageType]
    is_active: bool
    disabled_reason: Disabled | None = Field(description="Switched off by us: `gone` (it answered 410), `failing` (for 5 days).")
    failing_since: datetime | None = Field(description="Since when every attempt has failed; null when the last one succeeded.")
    last_delivered_at: datetime | None
    previous_expires_at: datetime | None = Field(description="Until then the secret before the rotation signs, too.")
    created_at: datetime
    updated_at: datetime


class WebhookEndpointCreated(WebhookEndpointReply):
    """With the secret, this once."""

    secret: str = Field(description="`whsec_…`, for the verification of signatures.")


class WebhookEndpointList(Reply):
    """Newest first."""

    webhook_endpoints: list[WebhookEndpointReply]
    next_cursor: str | None


class WebhookSecret(Reply):
    """Shown this once."""

    secret: str
    previous_expires_at: datetime = Field(description="Until then requests carry two signatures, of the new and of the old secret.")


class WebhookTest(Body):
    """Which example is sent; the first type of the endpoint when not given."""

    type: MessageType | None = None


class WebhookTested(Reply):
    """What the receiver answered."""

    message_id: str = Field(examples=["msg_test_8fJ2kQ0xWc7VbN5z"])
    type: MessageType
    is_delivered: bool = Field(description="It answered 2xx.")
    status: int | None = Field(description="Of the HTTP answer; null when there was none.")
    duration_ms: int
    response: str | None = Field(description="The first 2 kB.")
    error: str | None = Field(description="Why there was no answer.")
    request_body: str


class WebhookDelivery(Reply):
    """One message and how its last attempt went. `id` is the header `webhook-id`."""

    id: str = Field(validation_alias="message_id")
    type: MessageType
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None = Field(description="Of a pending one.")
    response_status: int | None
    duration_ms: int | None
    response: str | None = Field(description="The first 2 kB.")
    error: str | None = Field(description="Why there was no answer, or why no more attempts are made.")
    request_body: str | None = Field(validation_alias="body", description="Null until the first attempt.")


class WebhookDeliveryList(Reply):
    """Newest first."""

    deliveries: list[WebhookDelivery]
    next_cursor: str | None
