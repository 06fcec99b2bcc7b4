"""What the buckets must hold, read from Postgres as a whole; used to repair them after any loss."""

from collections import defaultdict

from callstage_contracts.buckets import (
    ACTIVE,
    API_KEYS,
    BACKENDS,
    BLOCKED,
    DEPLOYMENTS,
    EMBED_TOKENS,
    INTEGRATIONS,
    MAILBOXES,
    PROVIDER_KEYS,
    ROUTES,
    TENANTS,
    agent_key,
    blocked_key,
    deployment_key,
    integration_key,
    route_key,
)
from callstage_domain.agent import AgentSnapshot
from pydantic import BaseModel
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.db.access_tables import ApiKeyRow, ProviderKeyRow, TenantRow, WebhookKeyRow
from control_api.db.agent_tables import AgentRow, BackendRow, BlockedNumberRow, DeploymentRow, IntegrationRow, MailboxRow, NumberRow
from control_api.db.embed_tables import EmbedTokenRow
from control_api.outbox import records

KEPT_DEPLOYMENTS = 20
"""Newest deployments of an agent that stay in KV: running conversations may still read theirs."""

Buckets = dict[str, dict[str, str]]


async def expected_buckets(session: AsyncSession) -> Buckets:
    """Bucket name → key → JSON. `deployments` comes before `active`: nothing may point at what is not there."""
    found: Buckets = {}
    found[TENANTS.name] = await _tenants(session)
    found[API_KEYS.name] = {
        row.key_hash: record.model_dump_json() for row in (await session.scalars(select(ApiKeyRow))).all() if (record := records.api_key_record(row))
    }
    found[PROVIDER_KEYS.name] = {
        f"{row.tenant_id}.{row.provider}": _json(records.provider_record(row)) for row in await session.scalars(select(ProviderKeyRow))
    }
    found[BACKENDS.name] = {
        agent_key(row.tenant_id, row.agent_id): _json(records.backend_record(row)) for row in await session.scalars(select(BackendRow))
    }
    found[MAILBOXES.name] = {
        agent_key(row.tenant_id, row.agent_id): _json(records.mailbox_record(row)) for row in await session.scalars(select(MailboxRow))
    }
    found[INTEGRATIONS.name] = {
        integration_key(row.tenant_id, row.id): _json(records.integration_record(row)) for row in await session.scalars(select(IntegrationRow))
    }
    found[DEPLOYMENTS.name] = await _deployments(session)
    found[ACTIVE.name] = {
        agent_key(row.tenant_id, row.agent_id): _json(records.active_record(row)) for row in await session.scalars(select(AgentRow))
    }
    found[ROUTES.name] = {route_key(row.number): _json(records.route_record(row)) for row in await session.scalars(select(NumberRow))}
    found[BLOCKED.name] = {
        blocked_key(row.tenant_id, row.number): _json(records.blocked_record(row)) for row in await session.scalars(select(BlockedNumberRow))
    }
    found[EMBED_TOKENS.name] = {row.token: _json(records.embed_record(row)) for row in await session.scalars(select(EmbedTokenRow))}
    return found


async def _tenants(session: AsyncSession) -> dict[str, str]:
    keys: defaultdict[str, list[WebhookKeyRow]] = defaultdict(list)
    for row in await session.scalars(select(WebhookKeyRow)):
        keys[row.tenant_id].append(row)
    return {row.id: _json(records.tenant_record(row, keys[row.id])) for row in await session.scalars(select(TenantRow))}


async def _deployments(session: AsyncSession) -> dict[str, str]:
    rank = func.row_number().over(partition_by=(DeploymentRow.tenant_id, DeploymentRow.agent_id), order_by=DeploymentRow.deployment.desc())
    ranked = select(DeploymentRow, rank.label("rank")).subquery()
    kept = (
        select(ranked.c.tenant_id, ranked.c.agent_id, ranked.c.deployment, ranked.c.snapshot)
        .join(AgentRow, (AgentRow.tenant_id == ranked.c.tenant_id) & (AgentRow.agent_id == ranked.c.agent_id))
        .where(or_(ranked.c.rank <= KEPT_DEPLOYMENTS, ranked.c.deployment == 0, ranked.c.deployment == AgentRow.active_deployment))
    )
    return {
        deployment_key(tenant_id, agent_id, deployment): _json(AgentSnapshot.model_validate(snapshot))
        for tenant_id, agent_id, deployment, snapshot in (await session.execute(kept)).all()
    }


def _json(record: BaseModel) -> str:
    return record.model_dump_json()
