"""WebSockets to vendors: one client, trusted certificates read once, addresses that tenants chose checked before."""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from callstage_kit.egress_policy import EgressPolicy, EgressRefused, checked_addresses
from callstage_kit.tasks import in_thread

from agent_runtime.providers import failures
from agent_runtime.providers.lazy_imports import load, loaded

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

CLOSE_S: Final = 0.5
_PING_S: Final = 5.0


def warm() -> None:
    """Import the WebSocket client and read the trusted certificates; blocking, from a thread."""
    load("websockets.asyncio.client")
    _tls()


async def connected(url: str, headers: dict[str, str], vendor: str, limit_s: float, egress: EgressPolicy | None = None) -> ClientConnection:
    """An open socket. With `egress`, for addresses that tenants chose, it leads to an address that was checked. Raises DependencyError."""
    await loaded("websockets.asyncio.client")
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus, WebSocketException

    tls = await in_thread(_tls) if url.startswith("wss:") else None
    try:
        # The outer limit also covers DNS and TLS, which `open_timeout` counts as well but ends with a slower close.
        async with asyncio.timeout(limit_s):
            targets = [{}] if egress is None else await _pinned(url, egress)
            for target in targets:
                connecting = connect(
                    url,
                    additional_headers=headers,
                    compression=None,
                    open_timeout=None,
                    ping_interval=_PING_S,
                    ping_timeout=_PING_S,
                    close_timeout=CLOSE_S,
                    max_queue=64,
                    ssl=tls,
                    **target,
                )
                # Vendors do not redirect, and the key must not travel to another host.
                connecting.process_redirect = lambda exc: exc
                try:
                    return await connecting
                except OSError:
                    if target is targets[-1]:
                        raise
            raise failures.unreachable(vendor)
    except InvalidStatus as err:
        raise failures.by_status(vendor, err.response.status_code) from err
    except TimeoutError as err:
        raise failures.timed_out(vendor, "connect") from err
    except (OSError, UnicodeError, WebSocketException) as err:
        raise failures.unreachable(vendor) from err
    except EgressRefused as err:
        raise failures.not_allowed(vendor) from err


async def _pinned(url: str, egress: EgressPolicy) -> list[dict[str, Any]]:
    """Options of `connect` for each checked address. No proxy, which would look the name up again; `Host` and TLS name stay those of the URL."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    return [{"host": str(address), "port": port, "proxy": None} for address in await checked_addresses(egress, parts.hostname or "", port)]


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Shared: reading the trusted certificates takes 10 ms or more."""
    return ssl.create_default_context()
