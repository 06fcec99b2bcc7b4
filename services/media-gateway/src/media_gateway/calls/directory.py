"""The configuration that calls are set up with, all of it in memory (rule N4)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from callstage_contracts.buckets import (
    ActiveDeployment,
    ApiKeyRecord,
    BackendConnection,
    EmbedToken,
    TenantRecord,
    agent_key,
    blocked_key,
    route_key,
)
from callstage_domain.route import BlockedNumber, NumberRoute
from callstage_kit.crypto import sha256_hex

M = TypeVar("M", covariant=True)


class Entries(Protocol[M]):
    """`callstage_kit.nats.kv_mirror.KvMirror`."""

    def get(self, key: str) -> M | None: ...
    def items(self) -> Iterator[tuple[str, M]]: ...


class Directory:
    """Tenants, keys, routes, blocked numbers, deployments, backends, embed tokens."""

    def __init__(
        self,
        *,
        tenants: Entries[TenantRecord],
        api_keys: Entries[ApiKeyRecord],
        routes: Entries[NumberRoute],
        blocked: Entries[BlockedNumber],
        active: Entries[ActiveDeployment],
        backends: Entries[BackendConnection],
        embed_tokens: Entries[EmbedToken],
    ) -> None:
        self._tenants = tenants
        self._api_keys = api_keys
        self._routes = routes
        self._blocked = blocked
        self._active = active
        self._backends = backends
        self._embed_tokens = embed_tokens

    def tenant(self, tenant_id: str) -> TenantRecord | None:
        """None for an unknown or a switched-off tenant."""
        tenant = self._tenants.get(tenant_id)
        return tenant if tenant is not None and tenant.is_active else None

    def api_key(self, api_key: str) -> ApiKeyRecord | None:
        """The key's record while it is valid."""
        record = self._api_keys.get(sha256_hex(api_key)) if api_key else None
        if record is None or (record.expires_at is not None and record.expires_at <= datetime.now(UTC)):
            return None
        return record

    def route(self, number: str) -> NumberRoute | None:
        """Of an E.164 number."""
        return self._routes.get(route_key(number)) if number else None

    def is_blocked(self, tenant_id: str, caller: str) -> bool:
        """Rule N3, for calls that come in."""
        entry = self._blocked.get(blocked_key(tenant_id, caller)) if caller.startswith("+") else None
        return entry is not None and entry.direction in ("inbound", "both")

    def deployment(self, tenant_id: str, agent_id: str) -> ActiveDeployment | None:
        """What live traffic of a voice agent runs on; None when it is not deployed."""
        active = self._active.get(agent_key(tenant_id, agent_id))
        return active if active is not None and active.deployment > 0 and active.channel == "voice" else None

    def live(self, tenant_id: str, agent_id: str) -> ActiveDeployment | None:
        """What live traffic of an agent of any channel runs on; in text everybody can be talked to."""
        active = self._active.get(agent_key(tenant_id, agent_id))
        return active if active is not None and active.deployment > 0 else None

    def embed_token(self, token: str) -> EmbedToken | None:
        """The record of a token that is switched on."""
        record = self._embed_tokens.get(token) if token else None
        return record if record is not None and record.is_active else None

    def default_agent(self, tenant_id: str, *, in_text: bool = False) -> ActiveDeployment | None:
        """The tenant's first deployed agent by date of creation: a voice agent (rule WS1), `in_text` any."""
        deployed = [
            active
            for _, active in self._active.items()
            if active.tenant_id == tenant_id and active.deployment > 0 and (in_text or active.channel == "voice")
        ]
        return min(deployed, key=lambda active: active.agent_created_at, default=None)

    def has_backend(self, tenant_id: str, agent_id: str) -> bool:
        """True when callers are looked up (rule V7)."""
        return self._backends.get(agent_key(tenant_id, agent_id)) is not None
