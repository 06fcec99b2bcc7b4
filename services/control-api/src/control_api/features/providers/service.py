"""Keys of AI providers, sealed, and whether the providers answer (rules AC5, A5)."""

from callstage_contracts.buckets import PROVIDER_KEYS, provider_aad
from callstage_domain.errors import NotFound
from callstage_kit.crypto import SecretBox
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import all_of

from control_api.access.caller import Caller
from control_api.db.access_tables import ProviderKeyRow
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.providers.probe import VENDOR_URLS, check_base_url, probe
from control_api.features.providers.repository import ProviderRepository
from control_api.features.providers.schemas import ProviderHealth, ProviderPut
from control_api.outbox.records import provider_record


class ProviderService:
    """Owners store keys; anybody of the tenant may see which providers there are."""

    def __init__(self, writer: Writer, box: SecretBox, policy: EgressPolicy) -> None:
        self._writer = writer
        self._box = box
        self._policy = policy

    async def list_all(self, caller: Caller) -> list[ProviderKeyRow]:
        """All of the tenant."""
        async with self._writer.database.session() as session:
            return await ProviderRepository(session, caller.tenant_id).list_all()

    async def get(self, caller: Caller, provider: str) -> ProviderKeyRow:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            row = await ProviderRepository(session, caller.tenant_id).get(provider)
        if row is None:
            raise NotFound("this provider has no key of yours")
        return row

    async def put(self, caller: Caller, provider: str, body: ProviderPut) -> ProviderKeyRow:
        """Store or replace. Raises FieldError for an address that is not public and not listed by the operator."""
        if body.base_url is not None:
            await check_base_url(self._policy, body.base_url)
        sealed = self._box.seal(body.api_key, provider_aad(caller.tenant_id, provider))
        async with self._writer.change(caller) as unit:
            row = await ProviderRepository(unit.session, unit.tenant_id).get(provider, lock=True)
            before = {"base_url": row.base_url} if row else None
            if row is None:
                row = ProviderKeyRow(tenant_id=unit.tenant_id, provider=provider)
                unit.session.add(row)
            row.api_key_sealed, row.base_url, row.updated_at = sealed, body.base_url, now()
            await unit.publish(PROVIDER_KEYS, f"{unit.tenant_id}.{provider}", provider_record(row))
            unit.audit("provider_key.stored", "provider", provider, before=before, after={"base_url": body.base_url, "api_key": "changed"})
        return row

    async def remove(self, caller: Caller, provider: str) -> None:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await ProviderRepository(unit.session, unit.tenant_id).get(provider, lock=True)
            if row is None:
                raise NotFound("this provider has no key of yours")
            await unit.session.delete(row)
            await unit.publish(PROVIDER_KEYS, f"{unit.tenant_id}.{provider}", None)
            unit.audit("provider_key.removed", "provider", provider, before={"base_url": row.base_url})

    async def health(self, caller: Caller) -> list[ProviderHealth]:
        """Each provider that has a key or is named by an agent; asked in parallel, two seconds at most."""
        async with self._writer.database.session() as session:
            repository = ProviderRepository(session, caller.tenant_id)
            keys, used_by = {row.provider: row for row in await repository.list_all()}, await repository.users()
        names = sorted({*keys, *used_by})
        return await all_of(*(_health(self._policy, name, keys.get(name), used_by.get(name, [])) for name in names)) if names else []


async def _health(policy: EgressPolicy, provider: str, row: ProviderKeyRow | None, used_by: list[str]) -> ProviderHealth:
    own_url = row.base_url if row else None
    url = own_url or VENDOR_URLS.get(provider)
    if row is None or url is None:
        return ProviderHealth(provider=provider, configured=row is not None, reachable=None, used_by=used_by)
    reachable, latency_ms, error = await probe(url, policy)
    return ProviderHealth(provider=provider, configured=True, reachable=reachable, latency_ms=latency_ms, error=error, used_by=used_by)
