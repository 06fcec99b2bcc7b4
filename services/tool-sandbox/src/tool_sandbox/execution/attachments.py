"""What an agent's tools may use: its backend and its integrations (rules I1, I2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callstage_contracts.buckets import agent_key, integration_key

from tool_sandbox.backends.port import Backend
from tool_sandbox.backends.registry import BackendRegistry
from tool_sandbox.configuration import Configuration
from tool_sandbox.integrations.registry import Connected, IntegrationRegistry


@dataclass(frozen=True, slots=True)
class Attached:
    """`accounts` by category; `secrets` may appear in no log."""

    backend: Backend | None = None
    accounts: Mapping[str, Connected] = field(default_factory=dict[str, Connected])
    secrets: tuple[str, ...] = ()


class Attachments:
    """Finds them in the configuration; nothing of it comes from a request but ids."""

    def __init__(self, configuration: Configuration, backends: BackendRegistry, integrations: IntegrationRegistry) -> None:
        self._configuration = configuration
        self._backends = backends
        self._integrations = integrations

    def of(self, tenant_id: str, agent_id: str, integrations: Mapping[str, str]) -> Attached:
        """`integrations`: category → id, as attached to the agent; what is not there any more is left out. Raises InvariantBroken."""
        backend: Backend | None = None
        secrets: list[str] = []
        connection = self._configuration.backend(agent_key(tenant_id, agent_id))
        if connection is not None:
            backend, secret = self._backends.backend(connection)
            secrets.append(secret)
        accounts: dict[str, Connected] = {}
        tenant = self._configuration.tenant(tenant_id)
        for category, integration_id in integrations.items():
            record = self._configuration.integration(integration_key(tenant_id, integration_id))
            if record is not None and record.tenant_id == tenant_id and record.category == category:
                accounts[category] = self._integrations.account(record, tenant.country if tenant is not None else "US")
                secrets.append(accounts[category].secret)
        return Attached(backend, accounts, tuple(secrets))
