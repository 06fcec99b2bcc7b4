"""httpx2's client on aiohttp's connections: SDKs keep the client they know, and a request or a piece of an answer costs a fraction of the CPU.

Under httpx2's own transport each piece passes h11 (a parser in Python), anyio and four layers of generators; a voice's answer comes in dozens of
pieces, a model's in one per token.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import httpx2
from aiohttp.abc import AbstractResolver
from yarl import URL

if TYPE_CHECKING:
    import ssl

_SET_BY_HTTPX: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_MAX_LINE_BYTES: Final = 64 << 10
_PLAIN: Final = ("", "identity")
AddressInfo = tuple[Any, ...]
"""As `socket.getaddrinfo` gives it: family, type, protocol, name, socket address."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Who decides where connections may go: names are looked up by `resolver` only, every socket is made by `make_socket`."""

    resolver: AbstractResolver
    make_socket: Callable[[AddressInfo], socket.socket]


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Keeps at most `connections` connections, each for `keepalive_s` without use. Made anywhere, used in one event loop. Knows no proxies."""

    def __init__(self, *, connections: int, keepalive_s: float, tls: ssl.SSLContext | None = None, gate: Gate | None = None) -> None:
        # Reads the CA file, which takes a few milliseconds.
        self._tls = tls or httpx2.create_ssl_context()
        self._connections = connections
        self._keepalive_s = keepalive_s
        self._gate = gate
        self._session: aiohttp.ClientSession | None = None

    @property
    def kept_connections(self) -> int:
        """Connections that wait for their next request."""
        connector: Any = None if self._session is None else self._session.connector
        return 0 if connector is None else sum(len(waiting) for waiting in connector._conns.values())  # pyright: ignore[reportPrivateUsage]

    def has_idle(self, origin: str) -> bool:
        """Whether a connection to that `https://host:port` waits for its next request."""
        connector: Any = None if self._session is None else self._session.connector
        url = _address(origin)
        return connector is not None and any(
            waiting and (key.host, key.port, key.is_ssl) == (url.host, url.port, url.scheme == "https")
            for key, waiting in connector._conns.items()  # pyright: ignore[reportPrivateUsage]
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Headers of the answer are there; its body is read as it comes. Raises what httpx2's own transport raises."""
        body = await request.aread()
        encoding = request.headers.encoding
        fields = [(name.decode(encoding), value.decode(encoding)) for name, value in request.headers.raw]
        headers = [field for field in fields if field[0].lower() != "transfer-encoding"]
        with _as_httpx(request):
            response = await self._open().request(
                request.method,
                address_of(request.url),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=_timeout(request.extensions.get("timeout") or {}),
            )
        return httpx2.Response(response.status, headers=list(response.raw_headers), stream=_Body(request, response), request=request)

    def check(self, url: httpx2.URL) -> None:
        """Raises EgressRefused where a policy forbids the address; here there is none."""

    async def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes, limits: aiohttp.ClientTimeout) -> Incoming:
        """One request without httpx2's requests and responses, which take longer over a small one than the socket does.

        Only what is in `headers` is sent, and what HTTP itself needs. Raises InvalidURL, and the same as `handle_async_request`.
        """
        self.check(url_of(url))
        with _as_httpx(None):
            response = await self._open().request(method, _address(url), headers=headers, data=body or None, allow_redirects=False, timeout=limits)
        return Incoming(response)

    async def aclose(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            gate = self._gate
            connector = aiohttp.TCPConnector(
                limit=self._connections,
                keepalive_timeout=self._keepalive_s,
                ssl=self._tls,
                resolver=gate.resolver if gate is not None else None,
                socket_factory=gate.make_socket if gate is not None else None,
                use_dns_cache=gate is None,
            )
            # Cookies would pass from one tenant's answer to another's request; unpacking is httpx2's business.
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_SET_BY_HTTPX,
                max_line_size=_MAX_LINE_BYTES,
                max_field_size=_MAX_LINE_BYTES,
            )
        return self._session


class Incoming:
    """An answer whose headers are there, and its body as it comes. Read to its end, the connection is kept; closed before, it is dropped."""

    __slots__ = ("_response", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status

    @property
    def is_packed(self) -> bool:
        """True: its body is encoded, and nobody here unpacks it."""
        return self._response.headers.get("Content-Encoding", "").strip().lower() not in _PLAIN

    def headers(self) -> dict[str, str]:
        """Names in lower case; what came several times is joined by commas."""
        fields: dict[str, str] = {}
        for raw_name, raw_value in self._response.raw_headers:
            name, value = raw_name.decode("latin-1").lower(), _header_text(raw_value)
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
        return fields

    async def read(self) -> bytes:
        """The next piece, empty at the end. Raises what httpx2's own transport raises."""
        with _as_httpx(None):
            return await self._response.content.readany()

    async def aclose(self) -> None:
        """Let the connection go."""
        self._response.close()


class _Body(httpx2.AsyncByteStream):
    """Read to its end, the connection is kept; closed before, it is dropped."""

    def __init__(self, request: httpx2.Request, response: aiohttp.ClientResponse) -> None:
        self._request = request
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._response.content
        while True:
            with _as_httpx(self._request):
                piece = await content.readany()
            if not piece:
                return
            yield piece

    async def aclose(self) -> None:
        self._response.close()


def address_of(url: httpx2.URL) -> URL:
    """From its parts: what httpx2 takes for the host, which a policy may have checked, must not be parsed a second time by other rules."""
    path, _, query = url.raw_path.decode("ascii").partition("?")
    host = url.raw_host.decode("ascii")
    return URL.build(scheme=url.scheme, host=f"[{host}]" if ":" in host else host, port=url.port, path=path, query_string=query, encoded=True)


@lru_cache(maxsize=256)
def url_of(url: str) -> httpx2.URL:
    """Vendors and backends have a handful of addresses, each asked again and again. Raises InvalidURL."""
    return httpx2.URL(url)


@lru_cache(maxsize=256)
def _address(url: str) -> URL:
    return address_of(url_of(url))


@lru_cache(maxsize=64)
def limits_of(connect_s: float, pool_s: float, read_s: float) -> aiohttp.ClientTimeout:
    """How long connecting, waiting for a place in the pool, and each piece of the answer may take."""
    return _timeout({"connect": connect_s, "pool": pool_s, "read": read_s})


def _header_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _timeout(limits: dict[str, Any]) -> aiohttp.ClientTimeout:
    connect_s, pool_s = limits.get("connect"), limits.get("pool")
    waiting_s = None if connect_s is None or pool_s is None else connect_s + pool_s
    return aiohttp.ClientTimeout(total=None, connect=waiting_s, sock_connect=connect_s, sock_read=limits.get("read"))


@contextmanager
def _as_httpx(request: httpx2.Request | None) -> Generator[None, None, None]:
    """The one table of foreign errors."""
    try:
        yield
    except TimeoutError as err:
        timed_out = httpx2.ConnectTimeout if isinstance(err, aiohttp.ConnectionTimeoutError) else httpx2.ReadTimeout
        raise timed_out(str(err) or "timed out", request=request) from err
    except aiohttp.ClientConnectorError as err:
        raise httpx2.ConnectError(str(err), request=request) from err
    except aiohttp.InvalidURL as err:
        raise httpx2.UnsupportedProtocol(str(err), request=request) from err
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as err:
        raise httpx2.RemoteProtocolError(str(err), request=request) from err
    except (aiohttp.ClientError, OSError) as err:
        raise httpx2.ReadError(str(err), request=request) from err
    except ValueError as err:
        # A header with a line break in it, for example.
        raise httpx2.LocalProtocolError(str(err), request=request) from err
