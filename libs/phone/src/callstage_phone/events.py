"""What happens to a call, told as it happens to whoever dialled it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callstage_phone.dialect import Mistake
from callstage_phone.markup import Verb


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """One media socket of the call, with what the document gave it."""

    at: float
    url: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StreamRefused:
    """The media socket was not opened."""

    reason: str


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """The media socket is gone; code 1006 when it died without a close frame."""

    code: int | None


CallEvent = Verb | StreamOpened | StreamRefused | StreamClosed | Mistake
Watch = Callable[[CallEvent], None]
"""Called from inside socket callbacks: must be quick and must not raise."""


def unwatched(_event: object) -> None:
    """For callers that read the lists of a call instead."""
