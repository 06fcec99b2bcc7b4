"""The tenant, its carriers and its webhook keys. Every change writes the whole tenant record to the data plane."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from callstage_contracts.buckets import TENANTS, telnyx_aad, twilio_aad, webhook_key_aad
from callstage_domain.errors import NotFound
from callstage_kit.crypto import SecretBox, new_secret

from control_api.access.caller import Caller
from control_api.db.access_tables import TenantRow, WebhookKeyRow
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.ids import new_row_id
from control_api.features.tenants.repository import TenantRepository
from control_api.features.tenants.schemas import CarrierWebhooks, TelnyxPut, TenantPatch, TwilioPut
from control_api.outbox.records import tenant_record
from control_api.web.problems import FieldError

WEBHOOK_KEY_PREFIX = "csk_live_"
_SHOWN_LENGTH = 13


class TenantService:
    """Owners change, everybody of the tenant may look."""

    def __init__(self, writer: Writer, box: SecretBox, gateway_public_url: str = "") -> None:
        self._writer = writer
        self._box = box
        self._gateway_url = gateway_public_url.rstrip("/")

    @property
    def webhooks(self) -> CarrierWebhooks:
        """Where the carriers find media-gateway."""
        return CarrierWebhooks(twilio_voice_url=f"{self._gateway_url}/api/twilio/voice", telnyx_webhook_url=f"{self._gateway_url}/incoming/telnyx")

    async def get(self, caller: Caller) -> TenantRow:
        """The caller's tenant."""
        async with self._writer.database.session() as session:
            return _present(await TenantRepository(session, caller.tenant_id).tenant())

    async def change(self, caller: Caller, patch: TenantPatch) -> TenantRow:
        """Name and country."""
        sent = patch.model_dump(exclude_unset=True)
        for name, value in sent.items():
            if value is None:
                raise FieldError(name, "cannot be null")
        async with self._tenant(caller) as (unit, row):
            before = {"name": row.name, "country": row.country}
            for name, value in sent.items():
                setattr(row, name, value)
            unit.audit("tenant.changed", "tenant", row.id, before=before, after={"name": row.name, "country": row.country})
        return row

    async def put_twilio(self, caller: Caller, body: TwilioPut) -> TenantRow:
        """Store the account; the token is sealed."""
        async with self._tenant(caller) as (unit, row):
            before = {"account_sid": row.twilio_account_sid}
            row.twilio_account_sid = body.account_sid
            row.twilio_auth_token_sealed = self._box.seal(body.auth_token, twilio_aad(row.id))
            unit.audit("carrier.changed", "carrier", "twilio", before=before, after={"account_sid": body.account_sid, "auth_token": "changed"})
        return row

    async def put_telnyx(self, caller: Caller, body: TelnyxPut) -> TenantRow:
        """Store the account; without `api_key` a stored one stays."""
        async with self._tenant(caller) as (unit, row):
            before = {"public_key": row.telnyx_public_key}
            row.telnyx_public_key = body.public_key
            if body.api_key is not None:
                row.telnyx_api_key_sealed = self._box.seal(body.api_key, telnyx_aad(row.id))
            unit.audit("carrier.changed", "carrier", "telnyx", before=before, after={"public_key": body.public_key})
        return row

    async def remove_carrier(self, caller: Caller, carrier: str) -> None:
        """Raises NotFound for a carrier that is not stored."""
        async with self._tenant(caller) as (unit, row):
            if carrier == "twilio" and row.twilio_account_sid is not None:
                row.twilio_account_sid = row.twilio_auth_token_sealed = None
            elif carrier == "telnyx" and row.telnyx_public_key is not None:
                row.telnyx_public_key = row.telnyx_api_key_sealed = None
            else:
                raise NotFound("no such carrier is stored")
            unit.audit("carrier.removed", "carrier", carrier)

    async def webhook_keys(self, caller: Caller) -> list[WebhookKeyRow]:
        """Valid ones, the signing one first."""
        async with self._writer.database.session() as session:
            return await TenantRepository(session, caller.tenant_id).webhook_keys()

    async def rotate_webhook_key(self, caller: Caller, overlap_s: int, *, secret: str | None = None) -> tuple[WebhookKeyRow, str]:
        """A new signing key; those before end after `overlap_s`. The secret is returned once."""
        plain = secret or new_secret(WEBHOOK_KEY_PREFIX)
        async with self._tenant(caller) as (unit, row):
            tenant = TenantRepository(unit.session, unit.tenant_id)
            await tenant.remove_expired_webhook_keys()
            end = now() + timedelta(seconds=overlap_s)
            for old in await tenant.webhook_keys():
                old.expires_at = min(old.expires_at or end, end)
            key = WebhookKeyRow(
                tenant_id=row.id,
                id=new_row_id(),
                prefix=plain[:_SHOWN_LENGTH],
                key_sealed=self._box.seal(plain, webhook_key_aad(row.id)),
                created_at=now(),
                expires_at=None,
            )
            unit.session.add(key)
            unit.audit("webhook_key.rotated", "webhook_key", key.id, after={"prefix": key.prefix, "overlap_s": overlap_s})
        return key, plain

    async def remove_webhook_key(self, caller: Caller, key_id: str) -> None:
        """At once, without overlap. Raises NotFound."""
        async with self._tenant(caller) as (unit, _):
            key = await TenantRepository(unit.session, unit.tenant_id).webhook_key(key_id)
            if key is None:
                raise NotFound("no such webhook key")
            await unit.session.delete(key)
            unit.audit("webhook_key.removed", "webhook_key", key_id, before={"prefix": key.prefix})

    @asynccontextmanager
    async def _tenant(self, caller: Caller) -> AsyncGenerator[tuple[UnitOfWork, TenantRow]]:
        async with self._writer.change(caller) as unit:
            row = _present(await TenantRepository(unit.session, unit.tenant_id).tenant(lock=True))
            yield unit, row
            await publish_tenant(unit, row)


async def publish_tenant(unit: UnitOfWork, row: TenantRow) -> None:
    """Write the tenant record to the data plane."""
    await unit.session.flush()
    await unit.publish(TENANTS, row.id, tenant_record(row, await TenantRepository(unit.session, row.id).webhook_keys()))


def _present(row: TenantRow | None) -> TenantRow:
    if row is None:
        raise NotFound("no such tenant")
    return row
