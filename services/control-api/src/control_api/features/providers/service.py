"""Keys of AI providers, sealed, and whether the providers answer (rules AC5, A5)."""

import structlog
from callstage_contracts.buckets import PROVIDER_KEYS, provider_aad
from callstage_domain.errors import DependencyError, NotFound
from callstage_kit.crypto import SecretBox
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import all_of

from control_api.access.caller import Caller
from control_api.db.access_tables import ProviderKeyRow
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.providers.probe import VENDOR_URLS, check_base_url, probe
from control_api.features.providers.repository import ProviderRepository, Wish
from control_api.features.providers.runtime import KnownProvider, RuntimeClient, VendorAnswer
from control_api.features.providers.schemas import ProviderHealth, ProviderKind, ProviderPut
from control_api.outbox.records import provider_record

_log = structlog.get_logger(__name__)


class ProviderService:
    """Owners store keys; anybody of the tenant may see which providers there are."""

    def __init__(self, writer: Writer, box: SecretBox, policy: EgressPolicy, runtime: RuntimeClient) -> None:
        self._writer = writer
        self._runtime = runtime
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

    async def health(self, caller: Caller, agent_id: str | None = None) -> list[ProviderHealth]:
        """Each provider that has a key or is named by an agent; or what one agent's calls may use. Raises NotFound for an unknown agent."""
        async with self._writer.database.session() as session:
            repository = ProviderRepository(session, caller.tenant_id)
            keys, used_by = {row.provider: row for row in await repository.list_all()}, await repository.users()
            wishes = await repository.wishes(agent_id) if agent_id is not None else None
        if agent_id is not None and wishes is None:
            raise NotFound("there is no such agent")
        try:
            known = await self._runtime.providers(caller.tenant_id)
        except DependencyError as err:
            _log.warning("providers_not_live", error=err.message)
            return await self._without_runtime(keys, used_by, wishes)
        names = _names(known, set(keys) | set(used_by), wishes)
        answers = await self._runtime.check(caller.tenant_id, names)
        return [_live(name, known, answers.get(name), is_own=name in keys, used_by=used_by.get(name, [])) for name in names]

    async def _without_runtime(
        self, keys: dict[str, ProviderKeyRow], used_by: dict[str, list[str]], wishes: dict[str, Wish] | None
    ) -> list[ProviderHealth]:
        """Whether the addresses answer is all that can be found out from here; asked in parallel, two seconds at most."""
        wanted = {*keys, *used_by} if wishes is None else {*keys, *(name for wish in wishes.values() for name in wish.named)}
        asked = (_health(self._policy, name, keys.get(name), used_by.get(name, [])) for name in sorted(wanted))
        return await all_of(*asked) if wanted else []


def _names(known: list[KnownProvider], named: set[str], wishes: dict[str, Wish] | None) -> list[str]:
    """Whose health is told, in order of the alphabet."""
    clouds = [entry for entry in known if entry.is_configured and not entry.capabilities.get("is_offline")]
    if wishes is None:
        return sorted(named | {entry.provider for entry in clouds})
    wanted = {name for wish in wishes.values() for name in wish.named}
    return sorted(wanted | {entry.provider for entry in clouds if wishes[entry.kind].is_open})


def _live(provider: str, known: list[KnownProvider], answer: VendorAnswer | None, *, is_own: bool, used_by: list[str]) -> ProviderHealth:
    mine = [entry for entry in known if entry.provider == provider]
    kinds = [
        ProviderKind(
            kind=entry.kind,  # pyright: ignore[reportArgumentType]
            configured=entry.is_configured,
            breaker=entry.breaker or None,  # pyright: ignore[reportArgumentType]
            last_error=entry.last_error or None,
            model=entry.model or None,
            capabilities=entry.capabilities,
        )
        for entry in mine
    ]
    is_configured = is_own or any(entry.is_configured for entry in mine)
    if answer is None:
        return ProviderHealth(provider=provider, configured=is_configured, reachable=None, used_by=used_by, kinds=kinds)
    return ProviderHealth(
        provider=provider,
        configured=is_configured,
        reachable=answer.is_healthy,
        latency_ms=answer.latency_ms,
        error=answer.error or None,
        used_by=used_by,
        key="tenant" if answer.is_own_key else "platform",
        kinds=kinds,
    )


async def _health(policy: EgressPolicy, provider: str, row: ProviderKeyRow | None, used_by: list[str]) -> ProviderHealth:
    own_url = row.base_url if row else None
    url = own_url or VENDOR_URLS.get(provider)
    if row is None or url is None:
        return ProviderHealth(provider=provider, configured=row is not None, reachable=None, used_by=used_by)
    reachable, latency_ms, error = await probe(url, policy)
    return ProviderHealth(provider=provider, configured=True, reachable=reachable, latency_ms=latency_ms, error=error, used_by=used_by)
