"""A vendor's answer over plain HTTP, as it comes, for vendors whose SDK adds nothing. Errors of the transport are mapped here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from callstage_domain.errors import DependencyError, Phase
from callstage_kit.egress_policy import EgressRefused

from agent_runtime.providers import failures
from agent_runtime.providers.http_pool import HttpPool

_OK: Final = 200


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One POST with a JSON body."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: dict[str, Any]
    query: dict[str, str] = field(default_factory=dict[str, str])


@contextmanager
def http_failures(vendor: str, phase: Phase) -> Generator[None, None, None]:
    """Map what the transport raises."""
    import httpx2

    try:
        yield
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as err:
        raise failures.timed_out(vendor, "connect") from err
    except httpx2.TimeoutException as err:
        raise failures.timed_out(vendor, phase) from err
    except httpx2.ConnectError as err:
        raise failures.unreachable(vendor) from err
    except httpx2.TransportError as err:
        raise failures.disconnected(vendor, phase) from err
    except EgressRefused as err:
        raise failures.not_allowed(vendor) from err


async def posted(pool: HttpPool, vendor: str, call: HttpCall) -> AsyncGenerator[bytes, None]:
    """Body of the answer as it comes. Raises DependencyError. Read to its end, the connection is kept; closed before, it is dropped."""
    url = f"{call.url}?{urlencode(call.query)}" if call.query else call.url
    body = orjson.dumps(call.body)
    phase: Phase = "first_byte"
    with http_failures(vendor, phase):
        answer = await pool.post(url, call.headers, body)
    try:
        if answer.status != _OK:
            raise failures.by_status(vendor, answer.status)
        while True:
            with http_failures(vendor, phase):
                chunk = await answer.read()
            if not chunk:
                return
            phase = "stream"
            yield chunk
    finally:
        await answer.aclose()


async def lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Lines without their ends. Only LF and CRLF end one: JSON may hold U+2028, at which readers of text would split."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest


async def fetched(pool: HttpPool, kind: failures.ProviderKind, vendor: str, url: str, headers: dict[str, str]) -> Any:
    """Decoded JSON of a GET, within the deadlines of connecting and the first byte. Raises DependencyError, counted."""
    client = await pool.ready()
    deadlines = pool.deadlines
    try:
        async with asyncio.timeout(deadlines.connect_s + deadlines.first_byte_s):
            with http_failures(vendor, "first_byte"):
                response = await client.get(url, headers=headers)
        if response.status_code != _OK:
            raise failures.by_status(vendor, response.status_code)
        return response.json()
    except TimeoutError as err:
        raise failures.counted(kind, failures.timed_out(vendor, "first_byte")) from err
    except ValueError as err:
        raise failures.counted(kind, failures.malformed(vendor, "first_byte")) from err
    except DependencyError as err:
        failures.counted(kind, err)
        raise
