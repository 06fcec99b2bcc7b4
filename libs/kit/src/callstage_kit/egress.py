"""Outbound HTTP that cannot be turned inwards (rule T7).

Names are resolved once per connection, every answer is checked, and the connection goes to the address that was checked: there is
no second look-up between check and use. `Host` and TLS server name stay those of the URL. Redirects, cookies and proxies of the
environment are never used.
"""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx2
from aiohttp.abc import AbstractResolver, ResolveResult
from callstage_domain.errors import DependencyError, Phase
from multidict import CIMultiDict

from callstage_kit.egress_policy import Address, EgressPolicy, EgressRefused, checked_addresses
from callstage_kit.http_transport import AddressInfo, AiohttpTransport, Gate, Incoming, limits_of, url_of


class _CheckedResolver(AbstractResolver):
    """Looks names up; every answer has to pass the policy."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Raises EgressRefused, and OSError for a name that does not resolve."""
        try:
            addresses = await checked_addresses(self._policy, host, port)
        except UnicodeError as err:
            raise OSError(f"the host name '{host}' does not resolve") from err
        return [
            ResolveResult(hostname=host, host=str(address), port=port, family=_family(address), proto=socket.IPPROTO_TCP, flags=socket.AI_NUMERICHOST)
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is kept."""


class CheckedTransport(AiohttpTransport):
    """An httpx2 transport whose every connection passes the policy; usable under an `httpx2.AsyncClient`, too."""

    def __init__(self, policy: EgressPolicy, *, max_connections: int = 256, keepalive_s: float = 15.0) -> None:
        gate = Gate(_CheckedResolver(policy), make_socket)
        super().__init__(connections=max_connections, keepalive_s=keepalive_s, tls=httpx2.create_ssl_context(trust_env=False), gate=gate)
        self._policy = policy

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises EgressRefused before anything is sent."""
        self.check(request.url)
        return await super().handle_async_request(request)

    def check(self, url: httpx2.URL) -> None:
        """Raises EgressRefused."""
        self._policy.check_url(url)


def make_socket(info: AddressInfo) -> socket.socket:
    """Only for TCP: local sockets cannot be called."""
    family, kind, protocol = info[0], info[1], info[2]
    if family not in (socket.AF_INET, socket.AF_INET6):
        raise EgressRefused("only internet addresses can be called")
    return socket.socket(family, kind, protocol)


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET6 if address.version == 6 else socket.AF_INET


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
        # Encoded answers are not asked for: a small body could unpack to any size.
        fields = CIMultiDict({"Accept-Encoding": "identity"})
        fields.update(headers or {})
        limits = limits_of(min(self._connect_timeout_s, timeout_s), timeout_s, timeout_s)
        phase: Phase = "connect"
        try:
            async with asyncio.timeout(timeout_s):
                incoming = await self._transport.exchange(method, url, fields, body, limits)
                phase = "stream"
                return await _read(incoming, max_response_bytes)
        except (httpx2.InvalidURL, TypeError) as err:
            raise EgressRefused("the address is not a valid URL") from err
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol) as err:
            raise DependencyError(_words(err, url), vendor="http", phase="connect") from err
        except (httpx2.TransportError, TimeoutError) as err:
            raise DependencyError(_words(err, url), vendor="http", phase="first_byte" if phase == "connect" else phase, retryable=False) from err


async def _read(incoming: Incoming, max_bytes: int) -> EgressResponse:
    received = bytearray()
    try:
        if incoming.is_packed:
            raise _bad_answer("bad_response", "the answer is encoded although nobody asked for it")
        while chunk := await incoming.read():
            received += chunk
            if len(received) > max_bytes:
                raise _bad_answer("response_too_large", f"the answer is larger than {max_bytes} bytes")
    finally:
        await incoming.aclose()
    return EgressResponse(incoming.status, incoming.headers(), bytes(received))


def _bad_answer(code: str, message: str) -> DependencyError:
    return DependencyError(message, vendor="http", phase="stream", code=code, retryable=False)


def _words(error: Exception, url: str) -> str:
    host = url_of(url).host
    if isinstance(error, (TimeoutError, httpx2.TimeoutException)):
        return f"'{host}' did not answer in time"
    return str(error) or f"the connection to '{host}' failed ({type(error).__name__})"
