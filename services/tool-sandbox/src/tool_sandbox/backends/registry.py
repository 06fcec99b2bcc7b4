"""The backend of an agent, made from its connection and kept as long as that does not change."""

from callstage_contracts.buckets import BackendConnection, agent_key, backend_aad
from callstage_kit.crypto import SecretBox
from callstage_kit.egress import EgressClient

from tool_sandbox.backends.erpnext import ErpnextBackend, FrappeLogin
from tool_sandbox.backends.odoo.backend import OdooBackend
from tool_sandbox.backends.odoo.wire import OdooLogin
from tool_sandbox.backends.port import Backend

_KEPT = 2000


class BackendRegistry:
    """Backends by agent; a changed connection (new key, new address) makes a new one."""

    def __init__(self, egress: EgressClient, secrets: SecretBox, *, timeout_s: float, max_response_bytes: int) -> None:
        self._egress = egress
        self._secrets = secrets
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes
        self._known: dict[str, tuple[BackendConnection, Backend, str]] = {}

    def backend(self, connection: BackendConnection) -> tuple[Backend, str]:
        """The backend and its secret (for redaction). Raises InvariantBroken when the secret does not open."""
        key = agent_key(connection.tenant_id, connection.agent_id)
        known = self._known.get(key)
        if known is None or known[0] != connection:
            secret = self._secrets.open(connection.secret_sealed, backend_aad(connection.tenant_id, connection.agent_id))
            if len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))
            known = (connection, self.connect(connection, secret), secret)
            self._known[key] = known
        return known[1], known[2]

    def connect(self, connection: BackendConnection, secret: str) -> Backend:
        """A backend that is not kept."""
        if connection.kind == "erpnext":
            return ErpnextBackend(
                FrappeLogin(connection.url, connection.login or "", secret),
                self._egress,
                timeout_s=self._timeout_s,
                max_response_bytes=self._max_response_bytes,
            )
        login = OdooLogin(connection.url, connection.database or "", connection.login or "", secret)
        return OdooBackend(login, self._egress, timeout_s=self._timeout_s, max_response_bytes=self._max_response_bytes)
