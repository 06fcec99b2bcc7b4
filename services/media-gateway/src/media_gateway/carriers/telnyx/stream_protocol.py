"""Media streaming frames (developers.telnyx.com, websockets/stream-call-media-over-websocket)."""

from binascii import b2a_base64
from collections.abc import Sequence

import msgspec
from callstage_domain.audio import AudioFormat

from media_gateway.carriers.port import MalformedFrame, Media, Started, StreamEvent
from media_gateway.carriers.stream_frames import NOTHING, DtmfPart, MarkPart, control_events, unknown_event
from media_gateway.carriers.telnyx.codecs import Converter, downlink_converter, uplink_converter
from media_gateway.carriers.telnyx.reorder import ReorderBuffer


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


class _Frame(msgspec.Struct):
    event: str
    stream_id: str = ""
    media: _Media | None = None
    mark: MarkPart | None = None
    start: _Start | None = None
    dtmf: DtmfPart | None = None


_decoder = msgspec.json.Decoder(_Frame)


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
            return unknown_event(text, err)
        if frame.media is not None and frame.event == "media":
            return self._media(frame.media)
        started = self._start(frame, frame.start) if frame.start is not None and frame.event == "start" else None
        return control_events(frame.event, frame.mark, frame.dtmf, started)

    def _media(self, media: _Media) -> Sequence[StreamEvent]:
        if not media.track.startswith("inbound"):
            return NOTHING
        return [Media(self._decode(payload)) for payload in self._order.push(_number(media.chunk, "media.chunk"), media.payload)]

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
