"""What the JSON frames of carriers' media streams have in common. Media frames, fifty a second for each call, are each dialect's own."""

from collections.abc import Sequence
from typing import Final

import msgspec

from media_gateway.carriers.port import Dtmf, Ignored, MalformedFrame, MarkPlayed, Started, Stopped, StreamEvent

NOTHING: Final[tuple[StreamEvent, ...]] = ()
_DIGITS: Final = frozenset("0123456789*#ABCD")
_KNOWN: Final = frozenset({"media", "mark", "start", "dtmf", "stop", "connected"})


class DtmfPart(msgspec.Struct):
    """Of a `dtmf` frame."""

    digit: str = ""


class MarkPart(msgspec.Struct):
    """Of a `mark` frame."""

    name: str = ""


class _EventOnly(msgspec.Struct):
    event: str


_event_decoder = msgspec.json.Decoder(_EventOnly)


def control_events(event: str, mark: MarkPart | None, dtmf: DtmfPart | None, started: Started | None) -> Sequence[StreamEvent]:
    """Of any frame but media. Raises MalformedFrame when it lacks its object."""
    match event:
        case "mark" if mark is not None:
            return (MarkPlayed(mark.name),)
        case "dtmf" if dtmf is not None:
            return (Dtmf(dtmf.digit),) if dtmf.digit in _DIGITS else (Ignored("dtmf"),)
        case "start" if started is not None:
            return (started,)
        case "stop":
            return (Stopped(),)
        case "connected":
            return NOTHING
        case _ if event in _KNOWN:
            raise MalformedFrame(f"a '{event}' frame without its '{event}' object")
        case _:
            return (Ignored(event),)


def unknown_event(text: str, error: Exception) -> Sequence[StreamEvent]:
    """An event of another kind may use our field names for other things; a known one that does not parse is an offence."""
    try:
        event = _event_decoder.decode(text).event
    except (msgspec.DecodeError, UnicodeError):
        raise MalformedFrame(str(error)) from error
    if event in _KNOWN:
        raise MalformedFrame(str(error)) from error
    return (Ignored(event),)
