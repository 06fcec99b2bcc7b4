"""Looking at connections for an editor: do they work, what does a model hold (rules I4, R2)."""

from callstage_contracts.buckets import BackendConnection, IntegrationRecord, agent_key, backend_aad
from callstage_domain.errors import NotFound
from callstage_kit.crypto import SecretBox

from tool_sandbox.backends.port import ModelField
from tool_sandbox.backends.registry import BackendRegistry
from tool_sandbox.configuration import Configuration
from tool_sandbox.integrations.registry import IntegrationRegistry


class Inspection:
    """Secrets are sealed for their tenant and agent, so that they open for no other. Raises InvariantBroken when one does not open."""

    def __init__(self, configuration: Configuration, backends: BackendRegistry, integrations: IntegrationRegistry, secrets: SecretBox) -> None:
        self._configuration = configuration
        self._backends = backends
        self._integrations = integrations
        self._secrets = secrets

    async def log_in(self, connection: BackendConnection) -> str:
        """The version behind a connection that may not be stored yet. Raises BackendError with its own words."""
        secret = self._secrets.open(connection.secret_sealed, backend_aad(connection.tenant_id, connection.agent_id))
        return await self._backends.connect(connection, secret).log_in()

    async def fields_of(self, tenant_id: str, agent_id: str, model: str) -> list[ModelField]:
        """Of the stored connection's backend. Raises NotFound without one, BackendError with its own words."""
        connection = self._configuration.backend(agent_key(tenant_id, agent_id))
        if connection is None or connection.tenant_id != tenant_id:
            raise NotFound("this agent has no backend connected", code="backend_not_configured")
        backend, _ = self._backends.backend(connection)
        return await backend.fields_of(model)

    async def reached(self, record: IntegrationRecord) -> str:
        """Who answers at an account that may not be stored yet; nothing is sent. Raises BackendError with the vendor's own words."""
        account = self._integrations.connect(record, "US")
        checked = account.email or account.calendar or account.whatsapp
        return await checked.check() if checked is not None else ""
