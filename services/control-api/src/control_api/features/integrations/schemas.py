"""Bodies of integrations. `settings` differ by provider; the secret is write-only (rule AC5)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from callstage_contracts import account_settings
from callstage_contracts.account_settings import GmailSettings, TwilioSettings
from callstage_contracts.buckets import IntegrationCategory, IntegrationProvider
from callstage_contracts.calendar_settings import CalendarSettings
from pydantic import BaseModel, Field, StringConstraints

from control_api.compile.draft import NonEmptyText
from control_api.compile.urls import HostText, OptionalHostText
from control_api.web.schema import Body, Reply

Password = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f]*$")]


class SmtpSettings(account_settings.SmtpSettings):
    """The hosts are checked as all addresses are that a tenant chooses."""

    smtp_host: HostText
    imap_host: OptionalHostText = ""


SETTINGS: dict[IntegrationProvider, tuple[IntegrationCategory, type[BaseModel]]] = {
    "smtp": ("email", SmtpSettings),
    "gmail": ("email", GmailSettings),
    "google": ("calendar", CalendarSettings),
    "microsoft": ("calendar", CalendarSettings),
    "twilio": ("whatsapp", TwilioSettings),
}
OAUTH_PROVIDERS = ("gmail", "google", "microsoft")


class IntegrationPut(Body):
    """`secret` is the password of smtp, the auth token of twilio; it can be left out when one is stored already for the same account."""

    provider: IntegrationProvider
    name: NonEmptyText
    settings: dict[str, Any] = Field(default_factory=dict[str, Any])
    secret: Password | None = None


class IntegrationReply(Reply):
    """Without the secret."""

    id: str
    category: IntegrationCategory
    provider: IntegrationProvider
    name: str
    settings: dict[str, Any]
    account: str = Field(description="Who answered when the connection was last tried; empty when it was not.")
    created_at: datetime
    updated_at: datetime


class IntegrationListed(IntegrationReply):
    """One of the list."""

    used_by: list[str] = Field(description="Names of the agents whose tools use it, or that read it.")


class IntegrationList(Reply):
    """All of the tenant."""

    integrations: list[IntegrationListed]


class IntegrationTested(Reply):
    """What the vendor said (rule I4)."""

    ok: bool
    message: str
    account: str


class OAuthStart(Body):
    """Connect an account by consent."""

    provider: Literal["gmail", "google", "microsoft"]
    name: NonEmptyText
    settings: dict[str, Any] = Field(default_factory=dict[str, Any])


class OAuthStarted(Reply):
    """Open `authorize_url` in the browser in which you are signed in."""

    authorize_url: str
    expires_in_s: int
