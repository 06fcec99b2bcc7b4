"""Does a provider's address answer at all (rule A5)."""

import ipaddress
import socket
from time import monotonic
from urllib.parse import urlsplit

import httpx2
from callstage_kit.tasks import in_thread

TIMEOUT_S = 2.0
VENDOR_URLS: dict[str, str] = {
    "openai": "https://api.openai.com/v1",
    "groq": "https://api.groq.com/openai/v1",
    "deepgram": "https://api.deepgram.com",
    "elevenlabs": "https://api.elevenlabs.io",
    "gemini": "https://generativelanguage.googleapis.com",
}


async def probe(url: str, *, is_tenant_url: bool) -> tuple[bool, int, str | None]:
    """Reachable, milliseconds, error. Any HTTP answer counts as reachable; no key is sent.

    An address given by a tenant is asked only when it is public: this must not be a way to look around in our network (rule T7).
    """
    began = monotonic()
    try:
        if is_tenant_url and not await in_thread(_is_public, url):
            return False, 0, "the address is not a public one; it is not asked from here"
        async with httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            await client.head(url)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as err:
        return False, int((monotonic() - began) * 1000), str(err) or type(err).__name__
    return True, int((monotonic() - began) * 1000), None


def _is_public(url: str) -> bool:
    found = socket.getaddrinfo(urlsplit(url).hostname, None, type=socket.SOCK_STREAM)
    return all(ipaddress.ip_address(item[4][0]).is_global for item in found)
