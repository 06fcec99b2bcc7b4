"""NATS KV: configuration that flows down from control-api to the data plane (rules N4, D3, AC2).

Only control-api writes. Values are JSON of the model named with the bucket. A deleted key means: gone, at once.
Secrets inside are sealed (`callstage_kit.crypto.SecretBox`); their AAD is given beside each field.
"""

from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar

from callstage_domain.agent import AgentSnapshot, Frozen
from callstage_domain.ids import AgentId, TenantId
from callstage_domain.rotation import secrets_in_use
from callstage_domain.route import BlockedNumber, NumberRoute
from pydantic import BaseModel, Field

M = TypeVar("M", bound=BaseModel)


class Bucket(Generic[M]):
    """One KV bucket: its name, what its values are, and how many old values NATS keeps."""

    def __init__(self, name: str, model: type[M], *, history: int = 1) -> None:
        self.name = name
        self.model = model
        self.history = history


class ActiveDeployment(Frozen):
    """Which deployment live traffic of an agent runs on."""

    tenant_id: TenantId
    agent_id: AgentId
    deployment: int
    """0: not deployed."""
    agent_created_at: datetime
    """The tenant's first agent by this date is its default (rule WS1)."""
    display_name: str
    channel: Literal["voice", "chat"] = "voice"
    language: str = "en"
    """BCP-47, of the draft: what a page shows before the agent speaks."""


class ApiKeyRecord(Frozen):
    """Key of the bucket: SHA-256 of the API key, hex (rule AC2)."""

    tenant_id: TenantId
    key_id: str
    scopes: tuple[str, ...] = ("*",)
    expires_at: datetime | None = None


class TwilioAccount(Frozen):
    """Sealed with AAD `{tenant_id}/twilio`."""

    account_sid: str
    auth_token_sealed: str


class TelnyxAccount(Frozen):
    """`public_key` is base64 of 32 bytes, from the carrier's portal; the API key is sealed with AAD `{tenant_id}/telnyx`."""

    public_key: str
    api_key_sealed: str | None = None


class WebhookKey(Frozen):
    """`csk_live_…`, sealed with AAD `{tenant_id}/webhook-key`. The first in the list signs; later ones are being rotated out."""

    key_id: str
    key_sealed: str


class PlanLimits(Frozen):
    """Rule AC4. None: no limit."""

    concurrent_calls: int | None = None
    allowed_models: tuple[str, ...] | None = None
    connections_per_minute: int = 30


class TenantRecord(Frozen):
    """Key of the bucket: tenant id."""

    tenant_id: TenantId
    name: str
    is_active: bool = True
    twilio: TwilioAccount | None = None
    telnyx: TelnyxAccount | None = None
    webhook_keys: tuple[WebhookKey, ...] = ()
    plan: PlanLimits = PlanLimits()
    country: str = "US"
    """ISO 3166 region in which national phone numbers are read."""


class BackendConnection(Frozen):
    """Key of the bucket: `{tenant_id}.{agent_id}`. `secret_sealed` with AAD `{tenant_id}/backend/{agent_id}`."""

    tenant_id: TenantId
    agent_id: AgentId
    kind: Literal["odoo", "erpnext"]
    url: str
    database: str | None = None
    login: str | None = None
    secret_sealed: str


class MailFilters(Frozen):
    """Rule M3: a mail that does not pass stays unread and untouched."""

    folder: str = "INBOX"
    from_domains: tuple[str, ...] = ()
    from_addresses: tuple[str, ...] = ()
    to_addresses: tuple[str, ...] = ()
    subject_contains: tuple[str, ...] = ()
    subject_excludes: tuple[str, ...] = ()


class MailboxRecord(Frozen):
    """Key of the bucket: `{tenant_id}.{agent_id}`. `password_sealed` with AAD `{tenant_id}/integration/{integration_id}`."""

    tenant_id: TenantId
    agent_id: AgentId
    integration_id: str
    address: str
    imap_host: str
    imap_port: int = 993
    imap_security: Literal["tls", "starttls", "none"] = "tls"
    smtp_host: str
    smtp_port: int = 587
    smtp_security: Literal["tls", "starttls", "none"] = "starttls"
    username: str
    password_sealed: str
    max_turns: int = 10
    forward_to: str | None = None
    fetch_last_hours: int = 3
    signature_html: str | None = None
    filters: MailFilters = MailFilters()


class ProviderKey(Frozen):
    """A tenant's own key for an AI provider. Key: `{tenant_id}.{provider}`; sealed with AAD `{tenant_id}/provider/{provider}`."""

    tenant_id: TenantId
    provider: str
    api_key_sealed: str
    base_url: str | None = None


IntegrationCategory = Literal["email", "calendar", "whatsapp"]
IntegrationProvider = Literal["smtp", "gmail", "google", "microsoft", "twilio"]


class IntegrationRecord(Frozen):
    """A connected account (rule I1). Key of the bucket: `{tenant_id}.{integration_id}`.

    `settings` are the provider's own and hold no secret; `secret_sealed` (password, auth token or refresh token) with AAD
    `{tenant_id}/integration/{integration_id}`.
    """

    tenant_id: TenantId
    integration_id: str
    category: IntegrationCategory
    provider: IntegrationProvider
    name: str
    settings: dict[str, Any]
    secret_sealed: str


class EmbedToken(Frozen):
    """Leave to talk to one agent from web pages (rule E1). Key of the bucket: the token, `emb_…`, which is public.

    `secret_sealed` with AAD `{tenant_id}/embed/{token_id}`; after a rotation the secret before it vouches, too, until `previous_expires_at`.
    """

    tenant_id: TenantId
    token_id: str
    agent_id: AgentId
    allowed_origins: tuple[str, ...] = ()
    """As browsers write them; empty: all."""
    require_authentication: bool = False
    is_active: bool = True
    secret_sealed: str
    # Left out while there is no overlap: gateways of an earlier release refuse fields that they do not know.
    previous_secret_sealed: str | None = Field(default=None, exclude_if=lambda value: value is None)
    previous_expires_at: datetime | None = Field(default=None, exclude_if=lambda value: value is None)

    def secrets_sealed(self, now: datetime) -> tuple[str, ...]:
        """Those that vouch for visitors, newest first."""
        return secrets_in_use(self.secret_sealed, self.previous_secret_sealed, self.previous_expires_at, now)


TENANTS: Final = Bucket("tenants", TenantRecord)
API_KEYS: Final = Bucket("api_keys", ApiKeyRecord)
ROUTES: Final = Bucket("routes", NumberRoute)
"""Key: the number's digits, without `+`."""
BLOCKED: Final = Bucket("blocked", BlockedNumber)
"""Key: `{tenant_id}.{digits}`."""
ACTIVE: Final = Bucket("active", ActiveDeployment)
"""Key: `{tenant_id}.{agent_id}`."""
DEPLOYMENTS: Final = Bucket("deployments", AgentSnapshot)
"""Key: `{tenant_id}.{agent_id}.{deployment}`; written before `active` points at it; 0 is the newest draft given to a test session."""
BACKENDS: Final = Bucket("backends", BackendConnection)
MAILBOXES: Final = Bucket("mailboxes", MailboxRecord)
PROVIDER_KEYS: Final = Bucket("provider_keys", ProviderKey)
INTEGRATIONS: Final = Bucket("integrations", IntegrationRecord)
EMBED_TOKENS: Final = Bucket("embed_tokens", EmbedToken)

ALL_BUCKETS: Final[tuple[Bucket[BaseModel], ...]] = (  # type: ignore[assignment]
    TENANTS,
    API_KEYS,
    ROUTES,
    BLOCKED,
    ACTIVE,
    DEPLOYMENTS,
    BACKENDS,
    MAILBOXES,
    PROVIDER_KEYS,
    INTEGRATIONS,
    EMBED_TOKENS,
)


def route_key(number: str) -> str:
    """Key in `routes` of an E.164 number."""
    return number.lstrip("+")


def blocked_key(tenant_id: str, number: str) -> str:
    """Key in `blocked`."""
    return f"{tenant_id}.{number.lstrip('+')}"


def agent_key(tenant_id: str, agent_id: str) -> str:
    """Key in `active`, `backends` and `mailboxes`."""
    return f"{tenant_id}.{agent_id}"


def integration_key(tenant_id: str, integration_id: str) -> str:
    """Key in `integrations`."""
    return f"{tenant_id}.{integration_id}"


def deployment_key(tenant_id: str, agent_id: str, deployment: int) -> str:
    """Key in `deployments`."""
    return f"{tenant_id}.{agent_id}.{deployment}"


def webhook_key_aad(tenant_id: str) -> str:
    """AAD of `WebhookKey.key_sealed`."""
    return f"{tenant_id}/webhook-key"


def twilio_aad(tenant_id: str) -> str:
    """AAD of `TwilioAccount.auth_token_sealed`."""
    return f"{tenant_id}/twilio"


def telnyx_aad(tenant_id: str) -> str:
    """AAD of `TelnyxAccount.api_key_sealed`."""
    return f"{tenant_id}/telnyx"


def backend_aad(tenant_id: str, agent_id: str) -> str:
    """AAD of `BackendConnection.secret_sealed`."""
    return f"{tenant_id}/backend/{agent_id}"


def integration_aad(tenant_id: str, integration_id: str) -> str:
    """AAD of the secrets of an integration."""
    return f"{tenant_id}/integration/{integration_id}"


def provider_aad(tenant_id: str, provider: str) -> str:
    """AAD of `ProviderKey.api_key_sealed`."""
    return f"{tenant_id}/provider/{provider}"


def embed_aad(tenant_id: str, token_id: str) -> str:
    """AAD of `EmbedToken.secret_sealed`."""
    return f"{tenant_id}/embed/{token_id}"
