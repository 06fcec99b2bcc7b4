"""Media streaming frames (developers.telnyx.com, websockets/stream-call-media-over-websocket)."""

from binascii import b2a_base64
from collections.abc import Sequence

import msgspec
from callstage_domain.audio import AudioFormat

from media_gateway.carriers.port import Dtmf, Ignored, MalformedFrame, MarkPlayed, Media, Started, Stopped, StreamEvent
from media_gateway.carriers.telnyx.codecs import Converter, downlink_converter, uplink_converter
from media_gateway.carriers.telnyx.reorder import ReorderBuffer

_DIGITS = frozenset("0123456789*#ABCD")


class _Format(msgspec.Struct, frozen=True):
    encoding: str = "PCMU"
    sample_rate: int | str = 8000


class _Start(msgspec.Struct):
    call_control_id: str = ""
    media_format: _Format = _Format()
    custom_parameters: dict[str, str] | None = None


class _Media(msgspec.Struct):
    payload: bytes
    chunk: int | str = 0
    track: str = "inbound"


class _Dtmf(msgspec.Struct):
    digit: str = ""


class _Mark(msgspec.Struct):
    name: str = ""


class _Frame(msgspec.Struct):
    event: str
    stream_id: str = ""
    media: _Media | None = None
    mark: _Mark | None = None
    start: _Start | None = None
    dtmf: _Dtmf | None = None


class _EventOnly(msgspec.Struct):
    event: str


_KNOWN = frozenset({"media", "mark", "start", "dtmf", "stop", "connected"})
_decoder = msgspec.json.Decoder(_Frame)
_event_decoder = msgspec.json.Decoder(_EventOnly)
_NOTHING: tuple[StreamEvent, ...] = ()


class TelnyxStream:
    """The dialect of one socket; `codec` is what the answer document pinned for our direction."""

    def __init__(self, codec: str = "PCMU") -> None:
        self.uplink = AudioFormat.PCMU_8K
        self._decode: Converter = bytes
        self.downlink, self._encode = downlink_converter(codec)
        self._order = ReorderBuffer()

    def parse(self, text: str) -> Sequence[StreamEvent]:
        """Events of one frame; media may come late and several at once. Raises MalformedFrame."""
        try:
            frame = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError) as err:
            return _unknown_event(text, err)
        if frame.media is not None and frame.event == "media":
            return self._media(frame.media)
        return self._parse_control(frame)

    def _media(self, media: _Media) -> Sequence[StreamEvent]:
        if not media.track.startswith("inbound"):
            return _NOTHING
        return [Media(self._decode(payload)) for payload in self._order.push(_number(media.chunk, "media.chunk"), media.payload)]

    def _parse_control(self, frame: _Frame) -> Sequence[StreamEvent]:
        match frame:
            case _Frame(event="mark", mark=_Mark(name=name)):
                return (MarkPlayed(name),)
            case _Frame(event="dtmf", dtmf=_Dtmf(digit=digit)):
                return (Dtmf(digit),) if digit in _DIGITS else (Ignored("dtmf"),)
            case _Frame(event="start", start=_Start() as start):
                return (self._start(frame, start),)
            case _Frame(event="stop"):
                return (Stopped(),)
            case _Frame(event="connected"):
                return _NOTHING
            case _ if frame.event in _KNOWN:
                raise MalformedFrame(f"a '{frame.event}' frame without its '{frame.event}' object")
            case _:
                return (Ignored(frame.event),)

    def _start(self, frame: _Frame, start: _Start) -> Started:
        if not start.call_control_id:
            raise MalformedFrame("a 'start' frame without call_control_id")
        encoding, rate_hz = start.media_format.encoding, _number(start.media_format.sample_rate, "media_format.sample_rate")
        found = uplink_converter(encoding, rate_hz)
        if found is None:
            raise MalformedFrame(f"cannot take {encoding} at {rate_hz} Hz from Telnyx")
        self.uplink, self._decode = found
        return Started(start.call_control_id, frame.stream_id, start.custom_parameters or {})

    def media(self, audio: bytes) -> str:
        """20 ms to 30 s of audio per frame."""
        return f'{{"event":"media","media":{{"payload":"{b2a_base64(self._encode(audio), newline=False).decode()}"}}}}'

    def mark(self, name: str) -> str:
        """`name` needs no escaping: letters and digits."""
        return f'{{"event":"mark","mark":{{"name":"{name}"}}}}'

    def clear(self) -> str:
        """Marks that wait come back at once, too."""
        return '{"event":"clear"}'


def _number(value: int | str, field: str) -> int:
    try:
        return int(value)
    except ValueError as err:
        raise MalformedFrame(f"{field} is not a number") from err


def _unknown_event(text: str, error: Exception) -> Sequence[StreamEvent]:
    """An event of another kind may use our field names for other things; a known one that does not parse is an offence."""
    try:
        event = _event_decoder.decode(text).event
    except (msgspec.DecodeError, UnicodeError):
        raise MalformedFrame(str(error)) from error
    if event in _KNOWN:
        raise MalformedFrame(str(error)) from error
    return (Ignored(event),)
