"""The first tenant, its owner and an API key; repeating it changes nothing that is there."""

import uuid

from callstage_kit.crypto import new_secret, sha256_hex
from sqlalchemy import select

from control_api.access.caller import system_caller
from control_api.db.access_tables import ApiKeyRow, TenantRow, UserRow, WebhookKeyRow
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.api_keys.schemas import ApiKeyCreate, Scope
from control_api.features.api_keys.service import KEY_PREFIX, add_key
from control_api.features.identity.passwords import hash_password
from control_api.features.ids import new_row_id
from control_api.features.tenants.service import TenantService, publish_tenant

_NAMESPACE = uuid.UUID("6f1d4b52-7c0e-4f0e-9a39-0d0f6a1c5b11")
KEY_NAME = "bootstrap"


async def bootstrap(
    writer: Writer, tenants: TenantService, *, name: str, email: str, password: str, key: str | None, is_platform: bool, webhook_key: str | None
) -> dict[str, str]:
    """`{tenant_id, api_key, email}`. Without `key` a new API key is made each time, because stored ones cannot be shown again."""
    caller = system_caller(str(uuid.uuid5(_NAMESPACE, name)))
    address, secret = email.strip().lower(), key or new_secret(KEY_PREFIX)
    password_hash = await hash_password(password)
    async with writer.change(caller) as unit:
        tenant = (await unit.session.scalars(select(TenantRow).where(TenantRow.id == caller.tenant_id))).first()
        if tenant is None:
            tenant = TenantRow(id=caller.tenant_id, name=name, country="US", is_active=True, plan={}, created_at=now())
            unit.session.add(tenant)
            await publish_tenant(unit, tenant)
            unit.audit("tenant.created", "tenant", tenant.id, after={"name": name})
        user = (await unit.session.scalars(select(UserRow).where(UserRow.email == address))).first()
        if user is None:
            user = UserRow(
                tenant_id=tenant.id, id=new_row_id(), email=address, name=address, role="owner", password_hash=password_hash, is_active=True
            )
            unit.session.add(user)
            unit.audit("user.created", "user", user.id, after={"email": address, "role": "owner"})
        elif user.tenant_id != tenant.id:
            raise SystemExit(f"{address} belongs to another tenant")
        if (await unit.session.scalars(select(ApiKeyRow.id).where(ApiKeyRow.key_hash == sha256_hex(secret)))).first() is None:
            scopes: list[Scope] = ["*", "platform"] if is_platform else ["*"]
            await add_key(unit, ApiKeyCreate(name=KEY_NAME, scopes=scopes), secret)
        has_webhook_key = (await unit.session.scalars(select(WebhookKeyRow.id).where(WebhookKeyRow.tenant_id == tenant.id))).first() is not None
    result = {"tenant_id": caller.tenant_id, "api_key": secret, "email": address}
    if webhook_key and not has_webhook_key:
        await tenants.rotate_webhook_key(caller, 0, secret=webhook_key)
        result["webhook_key"] = webhook_key
    return result
