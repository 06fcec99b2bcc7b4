"""Vendor failures as `DependencyError`, and the deadlines and metrics around a vendor's answer.

Messages name the vendor and the kind of failure and nothing else: what a vendor writes into its error bodies may hold parts of keys.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from callstage_domain.errors import DependencyError, Phase
from callstage_kit.telemetry.metrics import PROVIDER_ERRORS_TOTAL, PROVIDER_SECONDS

T = TypeVar("T")
ProviderKind = Literal["stt", "llm", "tts", "realtime"]

UNREACHABLE: Final = "provider_unreachable"
TIMEOUT: Final = "provider_timeout"
UNAUTHORISED: Final = "provider_unauthorised"
RATE_LIMITED: Final = "provider_rate_limited"
REFUSED: Final = "provider_refused"
FAILED: Final = "provider_failed"
MALFORMED: Final = "provider_malformed"
DISCONNECTED: Final = "provider_disconnected"
OVERTAKEN: Final = "provider_overtaken"
"""Only a breaker says so: another provider answered first."""

_STATUS_UNAUTHORISED = (401, 402, 403)
_STATUS_RATE_LIMITED = 429
_FIRST_SERVER_STATUS = 500


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a vendor may take, by phase, in seconds."""

    connect_s: float = 2.0
    first_byte_s: float = 5.0
    gap_s: float = 5.0
    total_s: float = 60.0
    """Waiting for the vendor in all; what the consumer takes between two pieces does not count."""


def by_status(vendor: str, status: int) -> DependencyError:
    """The vendor answered with an HTTP error."""
    if status in _STATUS_UNAUTHORISED:
        return DependencyError(f"{vendor} refused the API key (status {status})", vendor=vendor, code=UNAUTHORISED, retryable=False)
    if status == _STATUS_RATE_LIMITED:
        return DependencyError(f"{vendor} is limiting the rate (status 429)", vendor=vendor, phase="first_byte", code=RATE_LIMITED)
    if status >= _FIRST_SERVER_STATUS:
        return DependencyError(f"{vendor} failed (status {status})", vendor=vendor, phase="first_byte", code=FAILED)
    return DependencyError(f"{vendor} refused the request (status {status})", vendor=vendor, phase="first_byte", code=REFUSED, retryable=False)


def unreachable(vendor: str) -> DependencyError:
    """No connection."""
    return DependencyError(f"{vendor} cannot be reached", vendor=vendor, code=UNREACHABLE)


def not_allowed(vendor: str) -> DependencyError:
    """The tenant's own address of the vendor leads to where tenants may not reach."""
    return DependencyError(f"{vendor} has an address that may not be reached", vendor=vendor, code=REFUSED, retryable=False)


def timed_out(vendor: str, phase: Phase) -> DependencyError:
    """Nothing came within the deadline of the phase."""
    return DependencyError(f"{vendor} took too long ({phase})", vendor=vendor, phase=phase, code=TIMEOUT)


def disconnected(vendor: str, phase: Phase) -> DependencyError:
    """The connection broke before the answer was complete."""
    return DependencyError(f"{vendor} cut the connection ({phase})", vendor=vendor, phase=phase, code=DISCONNECTED)


def malformed(vendor: str, phase: Phase) -> DependencyError:
    """An answer that does not follow the vendor's own format."""
    return DependencyError(f"{vendor} sent something that cannot be read ({phase})", vendor=vendor, phase=phase, code=MALFORMED)


def failed(vendor: str, phase: Phase) -> DependencyError:
    """The vendor reported a failure of its own in the middle of an answer."""
    return DependencyError(f"{vendor} reported a failure ({phase})", vendor=vendor, phase=phase, code=FAILED)


def counted(kind: ProviderKind, error: DependencyError) -> DependencyError:
    """Count a failure once, where it is made."""
    PROVIDER_ERRORS_TOTAL.labels(kind, error.vendor, error.phase).inc()
    return error


class Begun:
    """A sign that the answer itself has begun, though there is nothing to pass on yet: a piece of a tool call."""


BEGUN: Final = Begun()


async def watched(
    items: AsyncGenerator[T | Begun | None, None],
    kind: ProviderKind,
    vendor: str,
    deadlines: Deadlines,
    *,
    prepare: Callable[[], Awaitable[object]] | None = None,
    on_begin: Callable[[], None] | None = None,
) -> AsyncGenerator[T, None]:
    """The same items under the deadlines of first byte, gap and the whole answer, measured. Closing it closes `items`.

    None is a sign of life: it is not passed on, and the deadline of the gap starts anew. BEGUN is one, too, and is told to `on_begin`.
    `prepare` runs before the clock starts: importing an SDK is not the vendor's time.
    Raises what `items` raises; a deadline becomes a retryable DependencyError.
    """
    if prepare is not None:
        await prepare()
    phase: Phase = "first_byte"
    limit_s = deadlines.connect_s + deadlines.first_byte_s
    is_measured = False
    started = time.monotonic()
    loop_now, left_s = asyncio.get_running_loop().time, deadlines.total_s
    async with aclosing(items):
        while True:
            asked_at = loop_now()
            try:
                async with asyncio.timeout(min(limit_s, left_s)):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            except TimeoutError as err:
                raise counted(kind, timed_out(vendor, phase)) from err
            except DependencyError as err:
                counted(kind, err)
                raise
            phase, limit_s = "stream", deadlines.gap_s
            left_s -= loop_now() - asked_at
            if item is None:
                continue
            if isinstance(item, Begun):
                if on_begin is not None:
                    on_begin()
                continue
            if not is_measured:
                PROVIDER_SECONDS.labels(kind, vendor).observe(time.monotonic() - started)
                is_measured = True
            yield item
