"""API keys: shown once, kept as a hash, gone everywhere within two seconds of a revocation (rule AC2)."""

from callstage_contracts.buckets import API_KEYS
from callstage_domain.errors import Conflict, Forbidden, NotFound
from callstage_kit.crypto import new_secret, sha256_hex

from control_api.access.caller import PLATFORM_SCOPE, Caller
from control_api.db.access_tables import ApiKeyRow
from control_api.db.rows import Page, PageRequest
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.api_keys.repository import ApiKeyRepository
from control_api.features.api_keys.schemas import ApiKeyCreate
from control_api.features.ids import new_row_id
from control_api.outbox.records import api_key_record
from control_api.web.problems import FieldError

KEY_PREFIX = "vx_"
_SHOWN_LENGTH = 9


class ApiKeyService:
    """Create, list, revoke."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def list_page(self, caller: Caller, request: PageRequest) -> Page[ApiKeyRow]:
        """A page of keys."""
        async with self._writer.database.session() as session:
            return await ApiKeyRepository(session, caller.tenant_id).list_page(request)

    async def create(self, caller: Caller, body: ApiKeyCreate) -> tuple[ApiKeyRow, str]:
        """The row and the secret. Raises Forbidden when the caller asks for more than it has."""
        if PLATFORM_SCOPE in body.scopes and not caller.is_platform_admin:
            raise Forbidden("only a platform key makes platform keys")
        if body.expires_at is not None and (body.expires_at.tzinfo is None or body.expires_at <= now()):
            raise FieldError("expires_at", "must be a time in the future, with a time zone")
        secret = new_secret(KEY_PREFIX)
        async with self._writer.change(caller) as unit:
            row = await add_key(unit, body, secret)
        return row, secret

    async def revoke(self, caller: Caller, key_id: str) -> None:
        """Raises NotFound; revoking twice is no error."""
        async with self._writer.change(caller) as unit:
            row = await ApiKeyRepository(unit.session, unit.tenant_id).get(key_id, lock=True)
            if row is None:
                raise NotFound("no such API key")
            if row.revoked_at is None:
                row.revoked_at = now()
                await unit.publish(API_KEYS, row.key_hash, None)
                unit.audit("api_key.revoked", "api_key", row.id, before={"name": row.name, "prefix": row.prefix})


async def add_key(unit: UnitOfWork, body: ApiKeyCreate, secret: str) -> ApiKeyRow:
    """A key with a given secret, inside an open unit. Raises Conflict when the secret is in use."""
    if await ApiKeyRepository(unit.session, unit.tenant_id).is_taken(sha256_hex(secret)):
        raise Conflict("this API key exists already")
    row = ApiKeyRow(
        tenant_id=unit.tenant_id,
        id=new_row_id(),
        key_hash=sha256_hex(secret),
        prefix=secret[:_SHOWN_LENGTH],
        name=body.name,
        scopes=list(body.scopes),
        created_by=unit.caller.id,
        created_at=now(),
        expires_at=body.expires_at,
        last_used_at=None,
        revoked_at=None,
    )
    unit.session.add(row)
    await unit.publish(API_KEYS, row.key_hash, api_key_record(row))
    unit.audit("api_key.created", "api_key", row.id, after={"name": row.name, "prefix": row.prefix, "scopes": row.scopes})
    return row
