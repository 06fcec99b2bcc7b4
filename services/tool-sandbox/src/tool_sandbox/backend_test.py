"""Trying a backend connection before it is saved (rule I4)."""

from callstage_contracts.buckets import BackendConnection, backend_aad
from callstage_kit.crypto import SecretBox

from tool_sandbox.backends.registry import BackendRegistry


class BackendTest:
    """Logs in with a connection that may not be deployed yet. Its secret is sealed for its tenant and agent, so it opens for no other."""

    def __init__(self, backends: BackendRegistry, secrets: SecretBox) -> None:
        self._backends = backends
        self._secrets = secrets

    async def log_in(self, connection: BackendConnection) -> str:
        """The backend's version. Raises BackendError with its own words, InvariantBroken when the secret does not open."""
        secret = self._secrets.open(connection.secret_sealed, backend_aad(connection.tenant_id, connection.agent_id))
        return await self._backends.connect(connection, secret).log_in()
