"""One reader's stream of Server-Sent Events, from its first frame to the reason it ends."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from control_api.db.tables import now
from control_api.features.live.feed import Listener, LiveFeed
from control_api.features.live.schemas import LiveCall, LiveEvent
from control_api.features.live.translation import frame

_TURN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `heartbeat`: proxies cut a connection that is silent for half a minute. `first_look` and `look`: when the records are asked."""

    heartbeat: float = 15.0
    first_look: float = 3.0
    look: float = 30.0


PACE: Final = Pace()


@dataclass(frozen=True, slots=True)
class Records:
    """What is asked while the stream runs.

    `may_read`: whoever was signed out, or lost his role, reads no longer than a look. `ended`: of these calls, those that are over; an end that
    was told before the stream began and reached the records after it would be missed otherwise.
    """

    may_read: Callable[[], Awaitable[bool]]
    ended: Callable[[Collection[str]], Awaitable[list[LiveEvent]]]


async def frames(
    feed: LiveFeed, listener: Listener, calls: list[LiveCall], records: Records, *, ends_with: str | None = None, pace: Pace = PACE
) -> AsyncGenerator[bytes]:
    """`ends_with`: the call whose end ends the stream."""
    yield frame(LiveEvent(type="calls", at=now(), calls=calls))
    running = {call.call_id for call in calls}
    spoke_at = time.monotonic()
    look_at = spoke_at + pace.first_look
    while True:
        event = await listener.take(min(_TURN_S, pace.heartbeat))
        events = [event] if event is not None else []
        moment = time.monotonic()
        if feed.is_leaving.is_set():
            yield _closed("server_leaves")
            return
        if moment >= look_at:
            look_at = moment + pace.look
            if not await records.may_read():
                yield _closed("signed_out")
                return
            events += await records.ended(running - {told.call_id for told in events if told.type == "ended"}) if running else []
        for told in events:
            spoke_at = moment
            yield frame(told)
            _follow(running, told)
            if ends_with is not None and told.type == "ended" and told.call_id == ends_with:
                yield _closed("call_ended")
                return
        if not events and listener.has_lagged:
            yield frame(LiveEvent(type="lagged", at=now()))
            return
        if moment - spoke_at >= pace.heartbeat:
            spoke_at = moment
            yield b": still here\n\n"


def _follow(running: set[str], event: LiveEvent) -> None:
    if event.call_id is None:
        return
    if event.type == "started":
        running.add(event.call_id)
    elif event.type == "ended":
        running.discard(event.call_id)


def _closed(reason: str) -> bytes:
    return frame(LiveEvent(type="closed", at=now(), reason=reason))
