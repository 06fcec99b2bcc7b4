"""What differs between carriers on the media socket. No sockets here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callstage_phone.codec import Codec


@dataclass(frozen=True, slots=True)
class Media:
    payload: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    pass


@dataclass(frozen=True, slots=True)
class Mistake:
    """The server sent what the carrier does not accept; `reply` (if any) is the carrier's error message."""

    reason: str
    reply: str | None = None


Command = Media | Mark | Clear | Mistake


class Dialect(Protocol):
    """The messages of one stream, in both directions. One instance per socket: it counts."""

    server_codec: Codec
    """Coding of the audio that the server sends."""

    def opening(self) -> Sequence[str]:
        """`connected` and `start`."""
        ...

    def media(self, payload: bytes) -> Sequence[str]:
        """Messages for one 20 ms frame of the caller; may be none or several when the order is shuffled."""
        ...

    def dtmf(self, digit: str) -> str: ...

    def mark(self, name: str) -> str: ...

    def stop(self) -> str: ...

    def parse(self, message: str | bytes) -> Command:
        """One message of the server."""
        ...
