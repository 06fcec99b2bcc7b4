"""May a provider's address be asked, and does it answer (rules A5, T7)."""

import asyncio
import ipaddress
import socket
from time import monotonic

import httpx2
from callstage_domain.errors import CallstageError
from callstage_kit.egress import CheckedTransport
from callstage_kit.egress_policy import EgressPolicy, EgressRefused, address_spelled

from control_api.web.problems import FieldError

TIMEOUT_S = 2.0
VENDOR_URLS: dict[str, str] = {
    "openai": "https://api.openai.com/v1",
    "groq": "https://api.groq.com/openai/v1",
    "deepgram": "https://api.deepgram.com",
    "elevenlabs": "https://api.elevenlabs.io",
    "gemini": "https://generativelanguage.googleapis.com",
    "anthropic": "https://api.anthropic.com",
}


async def check_base_url(policy: EgressPolicy, url: str, *, field: str = "base_url") -> None:
    """A tenant's own address must be public, or one that the operator lists. Raises FieldError."""
    host = httpx2.URL(url).host
    try:
        policy.check_url(httpx2.URL(url))
        if address_spelled(host) is None:
            for address in await _resolved(host):
                policy.check_address(host, address)
    except EgressRefused as err:
        raise FieldError(field, f"'{host}' is not a public address; the operator can allow it with CALLSTAGE_EGRESS_ALLOW") from err
    except (OSError, UnicodeError, TimeoutError) as err:
        raise FieldError(field, f"the host name '{host}' does not resolve") from err


async def probe(url: str, policy: EgressPolicy) -> tuple[bool, int, str | None]:
    """Reachable, milliseconds, error. Any HTTP answer counts as reachable; no key is sent.

    The address is checked once more on the connection itself: this must not be a way to look around in our network.
    """
    began = monotonic()
    try:
        async with httpx2.AsyncClient(transport=CheckedTransport(policy, max_connections=4), timeout=TIMEOUT_S, follow_redirects=False) as client:
            await client.head(url)
    except CallstageError as err:
        return False, 0, err.message
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as err:
        return False, int((monotonic() - began) * 1000), str(err) or type(err).__name__
    return True, int((monotonic() - began) * 1000), None


async def _resolved(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    async with asyncio.timeout(TIMEOUT_S):
        answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
