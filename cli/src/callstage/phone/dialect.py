"""What differs between carriers: how they call a webhook and how they speak on the media socket. No sockets here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from callstage.phone.codec import Codec
from callstage.phone.markup import Stream


@dataclass(frozen=True, slots=True)
class CallIds:
    """`call_id` is the carrier's."""

    call_id: str
    caller: str
    called: str


@dataclass(frozen=True, slots=True)
class Media:
    """Coded audio of the agent, any length."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """To be sent back when everything before it was played."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Drop what is queued."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """The platform sent what this carrier does not accept."""

    reason: str


Command = Media | Mark | Clear | Mistake


class StreamDialect(Protocol):
    """The messages of one media socket, in both directions. One instance per socket: it counts."""

    @property
    def up(self) -> Codec:
        """How the caller's voice is coded."""
        ...

    @property
    def down(self) -> Codec:
        """How the agent's voice is coded."""
        ...

    def opening(self) -> Sequence[str]:
        """`connected` and `start`."""
        ...

    def media(self, payload: bytes) -> str:
        """One 20 ms frame of the caller."""
        ...

    def mark(self, name: str) -> str:
        """A mark that was reached."""
        ...

    def stop(self) -> str:
        """The caller hung up."""
        ...

    def parse(self, message: str | bytes) -> Command:
        """One message of the platform; what is not understood becomes a Mistake."""
        ...


class Carrier(Protocol):
    """Identity, webhook and signatures of a carrier."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def webhook_path(self) -> str:
        """Where the platform takes this carrier's calls."""
        ...

    def new_call_id(self) -> str:
        """In the carrier's own form."""
        ...

    def webhook_parameters(self, ids: CallIds, *, is_answered: bool) -> dict[str, str]:
        """The form fields."""
        ...

    def webhook_headers(self, url: str, parameters: Mapping[str, str], body: bytes) -> dict[str, str]:
        """Signature headers for a POST of `body` to the public `url`."""
        ...

    def socket_headers(self, url: str) -> dict[str, str]:
        """Signature headers for the upgrade at the public `url`."""
        ...

    def stream(self, ids: CallIds, stream: Stream) -> StreamDialect:
        """The dialect for one `<Stream>`. Raises ValueError for a coding this phone does not speak."""
        ...
