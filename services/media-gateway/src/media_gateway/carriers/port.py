"""What a carrier is to the gateway. Everything here is sans-IO; a third carrier is a folder that implements `CarrierEdge`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from callstage_contracts.buckets import TenantRecord
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import CallerError
from callstage_domain.route import Carrier
from callstage_kit.crypto import SecretBox


class MalformedFrame(CallerError):
    """A WebSocket message that is not of the carrier's dialect."""

    code = "malformed_frame"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One HTTP request of a carrier. `url` is the address as the carrier asked for it, with its query; header names are lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    form: Sequence[tuple[str, str]]

    def value(self, name: str) -> str:
        """The first value of a form field, empty when there is none."""
        return next((value for key, value in self.form if key == name), "")


@dataclass(frozen=True, slots=True)
class Announcement:
    """A call as the carrier announces it. Phone fields are the carrier's own text, which need not be a number."""

    carrier_call_id: str
    caller: str
    called: str
    status: str


@dataclass(frozen=True, slots=True)
class StreamInstructions:
    """What the answer document says: open this socket with these parameters; afterwards ask the resume address what to do."""

    url: str
    parameters: Mapping[str, str]
    resume_url: str
    greeting: str = ""
    """Said first, by the carrier's own voice."""


@dataclass(frozen=True, slots=True)
class Started:
    """The stream begins. `parameters` are those of the answer document."""

    carrier_call_id: str
    stream_id: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Media:
    """Caller audio in the dialect's `uplink` format."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class Dtmf:
    """One of 0-9 * # A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class MarkPlayed:
    """Everything sent before this mark has been played, or was thrown away by `clear`."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The carrier ends the stream: the caller hung up."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Known to be of no use, or unknown: carriers add events without notice."""

    event: str


StreamEvent = Started | Media | Dtmf | MarkPlayed | Stopped | Ignored


class StreamDialect(Protocol):
    """One carrier socket: text frames to events and back. Holds the state of that socket (stream id, codec, order of frames)."""

    @property
    def uplink(self) -> AudioFormat:
        """Format of `Media.audio`; settled by `Started`."""
        ...

    @property
    def downlink(self) -> AudioFormat:
        """Format that `media` takes."""
        ...

    def parse(self, text: str) -> Sequence[StreamEvent]:
        """Events of one frame. Raises MalformedFrame."""
        ...

    def media(self, audio: bytes) -> str:
        """The frame that plays `audio`."""
        ...

    def mark(self, name: str) -> str:
        """The frame that asks to be told when everything before it was played."""
        ...

    def clear(self) -> str:
        """The frame that throws away what was not yet played."""
        ...


class CarrierEdge(Protocol):
    """One carrier: its addresses, how its requests are checked and read, and how it is answered."""

    @property
    def name(self) -> Carrier: ...
    @property
    def webhook_path(self) -> str: ...
    @property
    def stream_path(self) -> str: ...
    @property
    def resume_path(self) -> str: ...
    @property
    def status_path(self) -> str: ...

    def is_signed(self, webhook: Webhook, tenant: TenantRecord, secrets: SecretBox, now_s: float) -> bool:
        """True when the request is the carrier's own, or the tenant has stored nothing to check it with."""
        ...

    def announce(self, webhook: Webhook) -> Announcement:
        """Raises CallerError when the request does not tell the call's id."""
        ...

    def stream_document(self, instructions: StreamInstructions) -> str:
        """Connect the call to our socket."""
        ...

    def reject_document(self) -> str:
        """Refuse the call at no cost to the tenant."""
        ...

    def new_dialect(self) -> StreamDialect:
        """For one socket."""
        ...
