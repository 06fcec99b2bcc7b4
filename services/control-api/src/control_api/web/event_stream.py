"""Server-sent events of work that takes a while: one event after the other, the last with the result."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Protocol, TypeVar

import structlog
from callstage_domain.errors import CallstageError, InvariantBroken

_log = structlog.get_logger(__name__)
MEDIA_TYPE = "text/event-stream"
RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}
"""Of an operation that streams to who accepts it, and otherwise answers as a whole."""


class StreamEvent(Protocol):
    """A model with the event's name."""

    @property
    def type(self) -> str:
        """`event:` of the stream."""
        ...

    def model_dump_json(self, *, exclude: set[str]) -> str:
        """`data:` of the stream."""
        ...


Event = TypeVar("Event", bound=StreamEvent)


async def last_of(events: AsyncGenerator[Event]) -> Event:
    """All of the work at once. Raises what the work raises."""
    last: Event | None = None
    async with aclosing(events):
        async for event in events:
            last = event
    assert last is not None, "work ends with an event"
    return last


async def told(events: AsyncGenerator[Event], failed: Callable[[CallstageError], Event]) -> AsyncGenerator[str]:
    """As server-sent events; what goes wrong on the way becomes the last one, made by `failed`."""
    try:
        async with aclosing(events):
            async for event in events:
                yield _line(event)
    except CallstageError as err:
        yield _line(failed(err))
    except Exception:
        _log.exception("event_stream_broke")
        yield _line(failed(InvariantBroken("It broke off inside the platform; try again.")))


def _line(event: StreamEvent) -> str:
    return f"event: {event.type}\ndata: {event.model_dump_json(exclude={'type'})}\n\n"
