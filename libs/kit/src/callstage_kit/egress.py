"""Outbound HTTP that cannot be turned inwards (rule T7).

Names are resolved once per connection, every answer is checked, and the connection goes to the address that was checked: there is
no second look-up between check and use. `Host` and TLS server name stay those of the URL. Redirects, cookies and proxies of the
environment are never used.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, cast

import httpcore2
import httpx2
from callstage_domain.errors import CallerError, DependencyError, Phase

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_REFUSED: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        # IANA special-purpose registry (RFC 6890 and updates).
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "3fff::/20"),
    )
)
_GLOBAL_V6: Final = ipaddress.ip_network("2000::/3")
_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_V4_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
METADATA: Final[frozenset[Address]] = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
"""Instance metadata of AWS, GCP, Azure, Alibaba, Oracle and container agents: they hand out the machine's own credentials."""


class EgressRefused(CallerError):
    """The target is not one that tools may reach. Nothing was sent."""

    code = "egress_refused"


class EgressPolicy:
    """Which addresses may be reached: the public internet, and what the operator lists.

    `allow` holds networks (`10.1.0.0/16`), single addresses and host names. A metadata address is reachable only when that very
    address is listed by itself. Raises ValueError for an entry that is none of these.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._networks: list[Network] = []
        self._hosts: set[str] = set()
        for entry in (item.strip() for item in allow):
            if not entry:
                continue
            network = _network_or_none(entry)
            if network is not None:
                self._networks.append(network)
            elif "/" in entry or ":" in entry:
                raise ValueError(f"egress allow-list: '{entry}' is neither a network nor a host name")
            else:
                self._hosts.add(_plain_host(entry))

    @classmethod
    def from_setting(cls, setting: str) -> Self:
        """From a comma-separated list."""
        return cls(setting.split(","))

    def check_url(self, url: httpx2.URL) -> None:
        """Scheme, host and user information, before any name is resolved. Raises EgressRefused."""
        if url.scheme not in ("http", "https"):
            raise EgressRefused(f"only http and https addresses can be called, not '{url.scheme[:20]}'")
        if url.userinfo:
            raise EgressRefused("an address must not carry a user name or password")
        host = url.host
        if not host or any(ord(char) < 33 or ord(char) == 127 for char in host):
            raise EgressRefused("the address has no valid host")
        literal = address_spelled(host)
        if literal is not None:
            self.check_address(host, literal)

    def check_address(self, host: str, address: Address) -> None:
        """Raises EgressRefused unless `address`, to which `host` resolved, may be reached."""
        spellings = _with_embedded(address)
        if METADATA.intersection(spellings):
            if any(network.num_addresses == 1 and network.network_address in spellings for network in self._networks):
                return
            raise EgressRefused(f"'{host}' leads to a metadata address, which tools may not reach")
        if _plain_host(host) in self._hosts or any(_is_in(item, self._networks) for item in spellings):
            return
        if any(not _is_public(item) for item in spellings):
            raise EgressRefused(f"'{host}' leads to an internal address, which tools may not reach")


def address_spelled(host: str) -> Address | None:
    """The address when `host` is one in any spelling the C library takes: decimal, octal, hex, shortened, IPv6 with zone."""
    text = _plain_host(host).strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text)) if text.isascii() and " " not in text else None
    except OSError:
        return None


def _plain_host(host: str) -> str:
    return host.strip().rstrip(".").lower()


def _network_or_none(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _with_embedded(address: Address) -> set[Address]:
    """The address and every IPv4 address that a translator or tunnel would make of it."""
    found: set[Address] = {address}
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(address in network for network in (*_NAT64, _V4_COMPATIBLE)):
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        found.update(item for item in inner if item is not None)
    return found


def _is_public(address: Address) -> bool:
    if _is_in(address, _REFUSED) or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    translated = address.ipv4_mapped is not None or address in _NAT64[0]
    return translated or address in _GLOBAL_V6


class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Opens the TCP connections of the pool: resolve, check all, connect to a checked address."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy
        self._plain = cast(httpcore2.AsyncNetworkBackend, httpcore2.AnyIOBackend())

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
                for address in addresses:
                    self._policy.check_address(host, address)
                return await self._first(addresses, port, timeout, socket_options)
        except TimeoutError as err:
            raise httpcore2.ConnectTimeout(f"no connection to '{host}' in time") from err

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        raise EgressRefused("local sockets cannot be called")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _resolve(self, host: str, port: int) -> list[Address]:
        literal = address_spelled(host)
        if literal is not None:
            return [literal]
        try:
            answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as err:
            raise httpcore2.ConnectError(f"the host name '{host}' does not resolve") from err
        return list(dict.fromkeys(ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))

    async def _first(self, addresses: list[Address], port: int, timeout: float | None, options: Iterable[Any] | None) -> httpcore2.AsyncNetworkStream:
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._plain.connect_tcp(str(address), port, timeout, None, options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as err:
                failure = err
        raise failure or httpcore2.ConnectError("the host name has no address")


class CheckedTransport(httpx2.AsyncHTTPTransport):
    """An httpx2 transport whose every connection passes the policy; usable under an `httpx2.AsyncClient`, too."""

    def __init__(self, policy: EgressPolicy, *, max_connections: int = 256, keepalive_s: float = 15.0) -> None:
        context = httpx2.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._policy = policy
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=max_connections,
            max_keepalive_connections=max_connections // 4,
            keepalive_expiry=keepalive_s,
            network_backend=_CheckedBackend(policy),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises EgressRefused before anything is sent."""
        self._policy.check_url(request.url)
        return await super().handle_async_request(request)


@dataclass(frozen=True, slots=True)
class EgressResponse:
    """A whole answer. Header names in lower case; a redirect comes back as it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class EgressClient:
    """Sends one request at a time with a bound on time and size. Connections are pooled per origin; no state passes between requests."""

    def __init__(self, policy: EgressPolicy, *, connect_timeout_s: float = 3.0, max_connections: int = 256) -> None:
        self._transport = CheckedTransport(policy, max_connections=max_connections)
        self._connect_timeout_s = connect_timeout_s

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._transport.__aexit__(exc_type, exc, traceback)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float,
        max_response_bytes: int = 1 << 20,
    ) -> EgressResponse:
        """Raises EgressRefused, or DependencyError: phase `connect` means that the other side saw nothing of the request."""
        request = self._request(method, url, headers or {}, body, timeout_s)
        phase: Phase = "connect"
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._transport.handle_async_request(request)
                phase = "stream"
                return await _read(response, max_response_bytes)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol) as err:
            raise DependencyError(_words(err, request), vendor="http", phase="connect") from err
        except (httpx2.TransportError, TimeoutError) as err:
            raise DependencyError(_words(err, request), vendor="http", phase="first_byte" if phase == "connect" else phase, retryable=False) from err

    def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> httpx2.Request:
        timeouts = {"connect": min(self._connect_timeout_s, timeout_s), "read": timeout_s, "write": timeout_s, "pool": timeout_s}
        try:
            # Encoded answers are not asked for: a small body could unpack to any size.
            return httpx2.Request(method, url, headers={"accept-encoding": "identity", **headers}, content=body, extensions={"timeout": timeouts})
        except (httpx2.InvalidURL, ValueError, TypeError) as err:
            raise EgressRefused("the address is not a valid URL") from err


async def _read(response: httpx2.Response, max_bytes: int) -> EgressResponse:
    stream = response.stream
    if not isinstance(stream, AsyncIterable):
        raise httpx2.ReadError("the answer cannot be read")
    received = bytearray()
    try:
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise _bad_answer("bad_response", "the answer is encoded although nobody asked for it")
        async for chunk in stream:
            received += chunk
            if len(received) > max_bytes:
                raise _bad_answer("response_too_large", f"the answer is larger than {max_bytes} bytes")
    finally:
        await response.aclose()
    return EgressResponse(response.status_code, {name.lower(): value for name, value in response.headers.items()}, bytes(received))


def _bad_answer(code: str, message: str) -> DependencyError:
    return DependencyError(message, vendor="http", phase="stream", code=code, retryable=False)


def _words(error: Exception, request: httpx2.Request) -> str:
    if isinstance(error, (TimeoutError, httpx2.TimeoutException)):
        return f"'{request.url.host}' did not answer in time"
    return str(error) or f"the connection to '{request.url.host}' failed ({type(error).__name__})"
