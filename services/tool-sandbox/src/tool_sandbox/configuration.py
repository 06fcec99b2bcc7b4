"""The deployed configuration from the KV mirrors: never from a request."""

from typing import Protocol

from callstage_contracts.buckets import BackendConnection, IntegrationRecord, TenantRecord
from callstage_domain.agent import AgentSnapshot
from callstage_kit.nats.kv_mirror import KvMirror


class Configuration(Protocol):
    """What control-api deployed, as this process knows it (rule N4)."""

    def deployment(self, key: str) -> AgentSnapshot | None:
        """By `deployment_key`."""
        ...

    def backend(self, key: str) -> BackendConnection | None:
        """By `agent_key`."""
        ...

    def tenant(self, tenant_id: str) -> TenantRecord | None:
        """The tenant's record."""
        ...

    def integration(self, key: str) -> IntegrationRecord | None:
        """By `integration_key`."""
        ...


class MirroredConfiguration:
    """Over the KV mirrors."""

    def __init__(
        self,
        deployments: KvMirror[AgentSnapshot],
        backends: KvMirror[BackendConnection],
        tenants: KvMirror[TenantRecord],
        integrations: KvMirror[IntegrationRecord],
    ) -> None:
        self._deployments = deployments
        self._backends = backends
        self._tenants = tenants
        self._integrations = integrations

    def deployment(self, key: str) -> AgentSnapshot | None:
        """By `deployment_key`."""
        return self._deployments.get(key)

    def backend(self, key: str) -> BackendConnection | None:
        """By `agent_key`."""
        return self._backends.get(key)

    def tenant(self, tenant_id: str) -> TenantRecord | None:
        """The tenant's record."""
        return self._tenants.get(tenant_id)

    def integration(self, key: str) -> IntegrationRecord | None:
        """By `integration_key`."""
        return self._integrations.get(key)
