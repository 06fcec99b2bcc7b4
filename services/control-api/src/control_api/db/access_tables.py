"""Tenants, and who may act in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from control_api.db.tables import Table, TenantTable, now


class TenantRow(Table):
    """An organisation. Carrier secrets are sealed (AAD in `callstage_contracts.buckets`)."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str] = mapped_column(default="US")
    is_active: Mapped[bool] = mapped_column(default=True)
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    twilio_account_sid: Mapped[str | None]
    twilio_auth_token_sealed: Mapped[str | None]
    telnyx_public_key: Mapped[str | None]
    telnyx_api_key_sealed: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class UserRow(TenantTable):
    """A person. One e-mail address signs in to one tenant. Without a password one signs in with OpenID Connect only."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def has_password(self) -> bool:
        """Whether a password signs in."""
        return self.password_hash is not None


class SignInRow(TenantTable):
    """A session cookie's server side; deleting the row signs out."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class UserIdentityRow(TenantTable):
    """The one account at an OpenID Connect provider that a person signs in with; it signs in to nobody else."""

    __tablename__ = "user_identities"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
        UniqueConstraint("issuer", "subject"),
    )

    user_id: Mapped[str] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class UsedNonceRow(Table):
    """The hash of a nonce that has signed somebody in: an ID token works once. Kept while its cookie could still be shown."""

    __tablename__ = "used_nonces"

    id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiKeyRow(TenantTable):
    """`vx_…`: only its SHA-256 is kept (rule AC2)."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(unique=True)
    prefix: Mapped[str]
    name: Mapped[str]
    scopes: Mapped[list[str]]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class WebhookKeyRow(TenantTable):
    """`csk_live_…`, sealed. `expires_at` is set when a newer key has taken over (rule W1)."""

    __tablename__ = "webhook_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    prefix: Mapped[str]
    key_sealed: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]


class ProviderKeyRow(TenantTable):
    """A tenant's own key for an AI provider, sealed."""

    __tablename__ = "provider_keys"

    provider: Mapped[str] = mapped_column(primary_key=True)
    api_key_sealed: Mapped[str]
    base_url: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class AuditRow(TenantTable):
    """Who changed what, when, before and after (rule AC6). Never holds a secret."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_tenant_entity", "tenant_id", "entity", "entity_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


class StoredReplyRow(TenantTable):
    """The reply given to an `Idempotency-Key`, sealed because it may show a new key. `status` is None while the first request runs."""

    __tablename__ = "stored_replies"

    key: Mapped[str] = mapped_column(primary_key=True)
    caller_id: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body_sealed: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class AudioFileRow(TenantTable):
    """An uploaded greeting or hold music: 8 kHz mono 16-bit WAV."""

    __tablename__ = "audio_files"

    name: Mapped[str] = mapped_column(primary_key=True)
    wav: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    size_bytes: Mapped[int]
    duration_ms: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class OutboxRow(Table):
    """A change of configuration on its way to NATS KV; deleted once it is there. `value` None deletes the key."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bucket: Mapped[str]
    key: Mapped[str]
    value: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
