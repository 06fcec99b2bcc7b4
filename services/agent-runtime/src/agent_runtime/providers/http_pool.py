"""HTTP connections to vendors, pooled for all keys of this process."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

import structlog
from callstage_kit.egress_policy import EgressPolicy, EgressRefused
from callstage_kit.tasks import in_thread

from agent_runtime.providers.failures import Deadlines

if TYPE_CHECKING:
    import httpx2

_KEEPALIVE_S = 120.0
_MOST_CONNECTING = 8
"""To one host at a time: a hundred calls that begin in one second need no hundred connections at once."""
_SCHEMES = {"wss": "https", "ws": "http"}


_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one vendor's host."""

    pool: HttpPool
    url: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, for requests even where the address is one for sockets."""
        parts = urlsplit(self.url)
        return f"{_SCHEMES.get(parts.scheme, parts.scheme)}://{parts.netloc}"

    async def connect(self) -> None:
        """See `HttpPool.connect`."""
        await self.pool.connect(self.origin)


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
        self._connecting: dict[str, int] = {}

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

    async def connect(self, origin: str) -> None:
        """Have a connection to that host (`https://host:port`) in the pool before somebody waits for it. Best effort, within the deadlines.

        A `HEAD` without credentials: whatever the answer, the connection stays. One that is idle already is used for it, and so stays fresh.
        """
        if self._connecting.get(origin, 0) >= _MOST_CONNECTING:
            return
        self._connecting[origin] = self._connecting.get(origin, 0) + 1
        try:
            await self._head(f"{origin}/")
        finally:
            self._connecting[origin] -= 1
            if not self._connecting[origin]:
                del self._connecting[origin]

    async def _head(self, url: str) -> None:
        client = await self.ready()
        import httpx2

        try:
            async with asyncio.timeout(self.deadlines.connect_s + self.deadlines.first_byte_s):
                await client.head(url)
        except (httpx2.HTTPError, httpx2.InvalidURL, EgressRefused, OSError) as err:
            # The first real request meets it again, and maps it.
            _log.debug("preconnect_failed", error=type(err).__name__)

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _new_client(self) -> httpx2.AsyncClient:
        import httpx2

        connect_s = self.deadlines.connect_s
        timeout = httpx2.Timeout(connect=connect_s, pool=connect_s, write=self.deadlines.first_byte_s, read=self.deadlines.first_byte_s)
        if self._egress is not None:
            from callstage_kit.egress import CheckedTransport

            transport = CheckedTransport(self._egress, max_connections=self._connections, keepalive_s=_KEEPALIVE_S)
            return httpx2.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)
        if getproxies():
            # Proxies are httpx2's own transport's business.
            limits = httpx2.Limits(max_connections=self._connections, max_keepalive_connections=self._connections, keepalive_expiry=_KEEPALIVE_S)
            return httpx2.AsyncClient(limits=limits, timeout=timeout, follow_redirects=False)
        from callstage_kit.http_transport import AiohttpTransport

        transport = AiohttpTransport(connections=self._connections, keepalive_s=_KEEPALIVE_S)
        return httpx2.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False)
