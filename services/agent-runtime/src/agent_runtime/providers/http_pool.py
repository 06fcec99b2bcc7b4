"""HTTP connections to vendors, pooled for all keys of this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies

import structlog
from callstage_kit.egress_policy import EgressPolicy, EgressRefused
from callstage_kit.tasks import in_thread

from agent_runtime.providers.failures import Deadlines

if TYPE_CHECKING:
    import aiohttp
    import httpx2
    from callstage_kit.http_transport import AiohttpTransport

_KEEPALIVE_S = 120.0
_MOST_CONNECTING = 8
"""To one host at a time: a hundred calls that begin in one second need no hundred connections at once."""
_JSON = {"Content-Type": "application/json"}
_PLAIN = {"User-Agent": "callstage", "Accept": "*/*", "Accept-Encoding": "identity"}
"""A packed answer comes later than it is written."""
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

    async def spare(self) -> None:
        """The same, unless a connection waits already."""
        if not self.pool.has_idle(self.origin):
            await self.connect()


class Answer(Protocol):
    """A vendor's answer whose headers are there."""

    status: int

    async def read(self) -> bytes:
        """The next piece of the body, empty at its end."""
        ...

    async def aclose(self) -> None:
        """Let the connection go: it is kept when the body was read to its end."""
        ...


class HttpPool:
    """Makes the client when it is first asked for: importing it and reading the CA file takes 100 ms. Owner closes it.

    With `egress`, for addresses that tenants chose, connections are made only to where the policy allows, else EgressRefused.
    """

    def __init__(self, deadlines: Deadlines, connections: int, egress: EgressPolicy | None = None) -> None:
        self.deadlines = deadlines
        self._egress = egress
        self._connections = connections
        self._client: httpx2.AsyncClient | None = None
        self._transport: AiohttpTransport | None = None
        """The client's own; None behind a proxy."""
        self._lock = threading.Lock()
        self._connecting: dict[str, int] = {}

    @property
    def client(self) -> httpx2.AsyncClient:
        """The shared client. May be called from a thread."""
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    @property
    def kept_connections(self) -> int:
        """Connections that wait for their next request; 0 behind a proxy, where they are not counted."""
        return 0 if self._transport is None else self._transport.kept_connections

    def has_idle(self, origin: str) -> bool:
        """Whether a request to that `https://host:port` would find a connection open; False behind a proxy."""
        return self._transport is not None and self._transport.has_idle(origin)

    async def ready(self) -> httpx2.AsyncClient:
        """The shared client, made in a thread if need be."""
        return self._client or await in_thread(lambda: self.client)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A POST of JSON under the deadlines of connecting and the first byte. Raises httpx2's errors and EgressRefused."""
        client = await self.ready()
        if self._transport is None:
            request = client.build_request("POST", url, headers={**headers, **_JSON}, content=body)
            return _ClientAnswer(await client.send(request, stream=True))
        incoming = await self._transport.exchange("POST", url, {**_PLAIN, **headers, **_JSON}, body, self._limits())
        if incoming.is_packed:
            import httpx2

            await incoming.aclose()
            raise httpx2.RemoteProtocolError("the answer is encoded although nobody asked for it")
        return incoming

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
                if self._transport is None:
                    await client.head(url)
                else:
                    await (await self._transport.exchange("HEAD", url, _PLAIN, b"", self._limits())).aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, EgressRefused, OSError) as err:
            # The first real request meets it again, and maps it.
            _log.debug("preconnect_failed", error=type(err).__name__)

    async def close(self) -> None:
        """Close every connection."""
        client, self._client, self._transport = self._client, None, None
        if client is not None:
            await client.aclose()

    def _limits(self) -> aiohttp.ClientTimeout:
        from callstage_kit.http_transport import limits_of

        return limits_of(self.deadlines.connect_s, self.deadlines.connect_s, self.deadlines.first_byte_s)

    def _new_client(self) -> httpx2.AsyncClient:
        import httpx2

        connect_s = self.deadlines.connect_s
        timeout = httpx2.Timeout(connect=connect_s, pool=connect_s, write=self.deadlines.first_byte_s, read=self.deadlines.first_byte_s)
        if self._egress is not None:
            from callstage_kit.egress import CheckedTransport

            self._transport = CheckedTransport(self._egress, max_connections=self._connections, keepalive_s=_KEEPALIVE_S)
            return httpx2.AsyncClient(transport=self._transport, timeout=timeout, follow_redirects=False, trust_env=False)
        if getproxies():
            # Proxies are httpx2's own transport's business.
            limits = httpx2.Limits(max_connections=self._connections, max_keepalive_connections=self._connections, keepalive_expiry=_KEEPALIVE_S)
            return httpx2.AsyncClient(limits=limits, timeout=timeout, follow_redirects=False)
        from callstage_kit.http_transport import AiohttpTransport

        self._transport = AiohttpTransport(connections=self._connections, keepalive_s=_KEEPALIVE_S)
        return httpx2.AsyncClient(transport=self._transport, timeout=timeout, follow_redirects=False)


class _ClientAnswer:
    """Through httpx2's own transport, which knows proxies."""

    def __init__(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self._response = response
        self._pieces: AsyncIterator[bytes] = response.aiter_bytes()

    async def read(self) -> bytes:
        return await anext(self._pieces, b"")

    async def aclose(self) -> None:
        await self._response.aclose()
