"""Media Streams frames (docs/voice/media-streams/websocket-messages). Numbers travel as strings and are not needed."""

from binascii import b2a_base64
from collections.abc import Sequence

import msgspec
from callstage_domain.audio import AudioFormat

from media_gateway.carriers.port import MalformedFrame, Media, Started, StreamEvent
from media_gateway.carriers.stream_frames import NOTHING, DtmfPart, MarkPart, control_events, unknown_event

_ENCODING = "audio/x-mulaw"


class _Format(msgspec.Struct, frozen=True):
    encoding: str = _ENCODING
    sampleRate: int | str = 8000  # noqa: N815 (Twilio's name)


class _Start(msgspec.Struct):
    callSid: str = ""  # noqa: N815
    streamSid: str = ""  # noqa: N815
    mediaFormat: _Format = _Format()  # noqa: N815
    customParameters: dict[str, str] = {}  # noqa: N815


class _Media(msgspec.Struct):
    payload: bytes
    track: str = "inbound"


class _Frame(msgspec.Struct):
    event: str
    streamSid: str = ""  # noqa: N815
    media: _Media | None = None
    mark: MarkPart | None = None
    start: _Start | None = None
    dtmf: DtmfPart | None = None


_decoder = msgspec.json.Decoder(_Frame)


class TwilioStream:
    """The dialect of one socket."""

    uplink = AudioFormat.PCMU_8K
    downlink = AudioFormat.PCMU_8K

    def __init__(self) -> None:
        self._stream_sid = ""

    def parse(self, text: str) -> Sequence[StreamEvent]:
        """Events of one frame. Raises MalformedFrame."""
        try:
            frame = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError) as err:
            return unknown_event(text, err)
        if frame.media is not None and frame.event == "media":
            return (Media(frame.media.payload),) if frame.media.track.startswith("inbound") else NOTHING
        started = self._start(frame, frame.start) if frame.start is not None and frame.event == "start" else None
        return control_events(frame.event, frame.mark, frame.dtmf, started)

    def _start(self, frame: _Frame, start: _Start) -> Started:
        stream_sid = start.streamSid or frame.streamSid
        if not stream_sid or not start.callSid:
            raise MalformedFrame("a 'start' frame without streamSid or callSid")
        if start.mediaFormat.encoding != _ENCODING or str(start.mediaFormat.sampleRate) != "8000":
            raise MalformedFrame(f"cannot take {start.mediaFormat.encoding} at {start.mediaFormat.sampleRate} Hz from Twilio")
        self._stream_sid = msgspec.json.encode(stream_sid).decode()
        return Started(start.callSid, stream_sid, start.customParameters)

    def media(self, audio: bytes) -> str:
        """µ-law, any length: Twilio queues what it gets."""
        return f'{{"event":"media","streamSid":{self._stream_sid},"media":{{"payload":"{b2a_base64(audio, newline=False).decode()}"}}}}'

    def mark(self, name: str) -> str:
        """`name` needs no escaping: letters and digits."""
        return f'{{"event":"mark","streamSid":{self._stream_sid},"mark":{{"name":"{name}"}}}}'

    def clear(self) -> str:
        """Marks that wait come back at once, too."""
        return f'{{"event":"clear","streamSid":{self._stream_sid}}}'
