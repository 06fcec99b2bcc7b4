"""HTTP connections to vendors, pooled for all keys of this process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import in_thread

from agent_runtime.providers.failures import Deadlines

if TYPE_CHECKING:
    import httpx2

_KEEPALIVE_S = 120.0


class HttpPool:
    """Makes the client when it is first asked for: importing it and reading the CA file takes 100 ms. Owner closes it.

    With `egress`, for addresses that tenants chose, connections are made only to where the policy allows, else EgressRefused.
    """

    def __init__(self, deadlines: Deadlines, connections: int, egress: EgressPolicy | None = None) -> None:
        self.deadlines = deadlines
        self._egress = egress
        self._connections = connections
        self._client: httpx2.AsyncClient | None = None
        self._lock = threading.Lock()

    @property
    def client(self) -> httpx2.AsyncClient:
        """The shared client. May be called from a thread."""
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    async def ready(self) -> httpx2.AsyncClient:
        """The shared client, made in a thread if need be."""
        return self._client or await in_thread(lambda: self.client)

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _new_client(self) -> httpx2.AsyncClient:
        import httpx2

        limits = httpx2.Limits(max_connections=self._connections, max_keepalive_connections=self._connections, keepalive_expiry=_KEEPALIVE_S)
        connect_s = self.deadlines.connect_s
        timeout = httpx2.Timeout(connect=connect_s, pool=connect_s, write=self.deadlines.first_byte_s, read=self.deadlines.first_byte_s)
        if self._egress is not None:
            from callstage_kit.egress import CheckedTransport

            transport = CheckedTransport(self._egress, max_connections=self._connections, keepalive_s=_KEEPALIVE_S)
            return httpx2.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)
        return httpx2.AsyncClient(limits=limits, timeout=timeout, follow_redirects=False)
