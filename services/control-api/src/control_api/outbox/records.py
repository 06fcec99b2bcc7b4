"""Rows as the records of the configuration buckets: the one place where both shapes meet."""

from typing import Any

from callstage_contracts.buckets import (
    ActiveDeployment,
    ApiKeyRecord,
    BackendConnection,
    EmbedToken,
    IntegrationRecord,
    MailboxRecord,
    PlanLimits,
    ProviderKey,
    TelnyxAccount,
    TenantRecord,
    TwilioAccount,
    WebhookKey,
)
from callstage_domain.ids import AgentId, TenantId
from callstage_domain.route import BlockedNumber, NumberRoute

from control_api.db.access_tables import ApiKeyRow, ProviderKeyRow, TenantRow, WebhookKeyRow
from control_api.db.agent_tables import AgentRow, BackendRow, BlockedNumberRow, IntegrationRow, MailboxRow, NumberRow
from control_api.db.embed_tables import EmbedTokenRow
from control_api.db.tables import now


def tenant_record(row: TenantRow, webhook_keys: list[WebhookKeyRow]) -> TenantRecord:
    """Webhook keys: the newest signs, expired ones are left out."""
    valid = sorted((key for key in webhook_keys if key.expires_at is None or key.expires_at > now()), key=lambda key: key.created_at, reverse=True)
    return TenantRecord(
        tenant_id=TenantId(row.id),
        name=row.name,
        is_active=row.is_active,
        twilio=_twilio(row),
        telnyx=TelnyxAccount(public_key=row.telnyx_public_key, api_key_sealed=row.telnyx_api_key_sealed) if row.telnyx_public_key else None,
        webhook_keys=tuple(WebhookKey(key_id=key.id, key_sealed=key.key_sealed) for key in valid),
        plan=PlanLimits.model_validate(row.plan),
        country=row.country,
    )


def _twilio(row: TenantRow) -> TwilioAccount | None:
    if row.twilio_account_sid is None or row.twilio_auth_token_sealed is None:
        return None
    return TwilioAccount(account_sid=row.twilio_account_sid, auth_token_sealed=row.twilio_auth_token_sealed)


def api_key_record(row: ApiKeyRow) -> ApiKeyRecord | None:
    """None for a revoked key: it must be gone from the bucket."""
    if row.revoked_at is not None:
        return None
    return ApiKeyRecord(tenant_id=TenantId(row.tenant_id), key_id=row.id, scopes=tuple(row.scopes), expires_at=row.expires_at)


def route_record(row: NumberRow) -> NumberRoute:
    """Rule N1."""
    return NumberRoute.model_validate(
        {
            "tenant_id": row.tenant_id,
            "number": row.number,
            "inbound_route": row.inbound_route,
            "route_target": row.route_target,
            "ai_transfer_type": row.ai_transfer_type,
            "ai_transfer_target": row.ai_transfer_target,
            "fallback": row.fallback,
        }
    )


def blocked_record(row: BlockedNumberRow) -> BlockedNumber:
    """Rule N3."""
    return BlockedNumber.model_validate({"tenant_id": row.tenant_id, "number": row.number, "direction": row.direction, "reason": row.reason})


def active_record(row: AgentRow) -> ActiveDeployment:
    """Which deployment is live."""
    draft: dict[str, Any] = row.draft
    return ActiveDeployment(
        tenant_id=TenantId(row.tenant_id),
        agent_id=AgentId(row.agent_id),
        deployment=row.active_deployment,
        agent_created_at=row.created_at,
        display_name=draft["display_name"],
        channel=draft.get("channel", "voice"),
        language=draft.get("language", "en"),
    )


def backend_record(row: BackendRow) -> BackendConnection:
    """With the sealed secret."""
    return BackendConnection.model_validate(
        {
            "tenant_id": row.tenant_id,
            "agent_id": row.agent_id,
            "kind": row.kind,
            "url": row.url,
            "database": row.database,
            "login": row.login,
            "secret_sealed": row.secret_sealed,
        }
    )


def mailbox_record(row: MailboxRow) -> MailboxRecord:
    """With the sealed password."""
    return MailboxRecord.model_validate(
        {
            **row.settings,
            "tenant_id": row.tenant_id,
            "agent_id": row.agent_id,
            "integration_id": row.integration_id,
            "password_sealed": row.password_sealed,
        }
    )


def provider_record(row: ProviderKeyRow) -> ProviderKey:
    """With the sealed key."""
    return ProviderKey(tenant_id=TenantId(row.tenant_id), provider=row.provider, api_key_sealed=row.api_key_sealed, base_url=row.base_url)


def integration_record(row: IntegrationRow) -> IntegrationRecord:
    """Rule I1."""
    return IntegrationRecord.model_validate(
        {
            "tenant_id": row.tenant_id,
            "integration_id": row.id,
            "category": row.category,
            "provider": row.provider,
            "name": row.name,
            "settings": row.settings,
            "secret_sealed": row.secret_sealed,
        }
    )


def embed_record(row: EmbedTokenRow) -> EmbedToken:
    """With the sealed shared secrets that are valid."""
    return EmbedToken.model_validate(
        {
            "tenant_id": row.tenant_id,
            "token_id": row.id,
            "agent_id": row.agent_id,
            "allowed_origins": row.allowed_origins,
            "require_authentication": row.require_authentication,
            "is_active": row.is_active,
            "secret_sealed": row.secret_sealed,
            "previous_secret_sealed": row.previous_secret_sealed if row.overlap_until else None,
            "previous_expires_at": row.overlap_until,
        }
    )
