"""Which addresses tenants may have the platform call (rule T7): the public internet, and what the operator lists."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Self

from callstage_domain.errors import CallerError

if TYPE_CHECKING:
    import httpx2

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


async def checked_addresses(policy: EgressPolicy, host: str, port: int) -> list[Address]:
    """Every address of `host`, best first, each of which may be reached; connect to one of them and not to the name, which may lead elsewhere by
    then. Raises EgressRefused, and OSError or UnicodeError for a name that does not resolve."""
    literal = address_spelled(host)
    if literal is not None:
        addresses: list[Address] = [literal]
    else:
        answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))
    for address in addresses:
        policy.check_address(host, address)
    return addresses
