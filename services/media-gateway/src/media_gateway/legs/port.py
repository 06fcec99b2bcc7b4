"""A leg: frames in, frames out, clear, end. The room knows no more of a caller than this."""

from collections.abc import Mapping
from typing import Any, Protocol

from callstage_domain.audio import AudioFormat
from callstage_domain.call import EndedReason


class LegListener(Protocol):
    """Whoever a leg reports to. Calls are synchronous and must not block."""

    def on_audio(self, audio: bytes) -> None:
        """Caller audio in the leg's `uplink` format, whole samples."""
        ...

    def on_dtmf(self, digit: str) -> None:
        """One of 0-9 * # A-D."""
        ...

    def on_text(self, text: str) -> None:
        """The caller typed."""
        ...

    def on_sent(self, utterance_id: str, duration_ms: float) -> None:
        """That much of an utterance went out just now."""
        ...

    def on_written(self, utterance_id: str) -> None:
        """The first audio of an utterance was written to the socket."""
        ...

    def on_utterance_sent(self, utterance_id: str) -> None:
        """All of an utterance went out."""
        ...

    def on_mark(self, name: str) -> None:
        """A mark came back."""
        ...

    def on_left(self, reason: EndedReason, *, is_final: bool) -> None:
        """The caller is gone. Not `is_final`: only the connection is; a carrier will ask the resume address."""
        ...


class Leg(Protocol):
    """One media connection of a call. Methods queue and never block."""

    @property
    def uplink(self) -> AudioFormat: ...
    @property
    def downlink(self) -> AudioFormat: ...
    @property
    def returns_marks(self) -> bool:
        """True: `mark` comes back through `on_mark` when everything before it was heard."""
        ...

    @property
    def is_carrier(self) -> bool:
        """True: after the socket closes the carrier asks the resume address what to do."""
        ...

    def listen(self, listener: LegListener) -> None:
        """Before anything else."""
        ...

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        """The next piece of a sentence, in `downlink` format; `on_sent` follows, now or later."""
        ...

    def end_segment(self, utterance_id: str, segment: int) -> None:
        """The sentence is complete."""
        ...

    def end_utterance(self, utterance_id: str) -> None:
        """The reply is complete."""
        ...

    def mark(self, name: str) -> None:
        """Ask to be told when everything so far was heard."""
        ...

    def clear(self) -> None:
        """Be silent at once."""
        ...

    def notify(self, kind: str, fields: Mapping[str, Any]) -> None:
        """A message for the program at the other end; carriers have none."""
        ...

    async def read(self) -> None:
        """Until the caller is gone; tells the listener how."""
        ...

    async def write(self) -> None:
        """Until the leg is closed."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """End the connection, after what is queued went out."""
        ...
