"""A browser's voice socket as a leg (rules WS2, WS3, WS4, WS7)."""

import json
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal

import msgspec
import structlog
from callstage_domain.audio import AudioFormat
from callstage_domain.call import EndedReason
from callstage_kit.tasks import TaskScope
from starlette.websockets import WebSocket

from media_gateway.legs.flood import AudioAllowance
from media_gateway.legs.port import LegListener
from media_gateway.legs.sentence_encoder import Sentence, SentenceEncoder
from media_gateway.legs.socket import LegSocket

_log = structlog.get_logger(__name__)

DownFormat = Literal["mp3", "pcm16_24k"]
MAX_TEXT_CHARS: Final = 64 << 10
MAX_OFFENCES: Final = 10
_DIGITS = frozenset("0123456789*#ABCD")


class _Message(msgspec.Struct):
    type: str
    text: str = ""
    digit: str = ""


_decoder = msgspec.json.Decoder(_Message)


class BrowserLeg:
    """PCM16 16 kHz up in chunks of any size; MP3 per sentence or raw PCM16 24 kHz down, and JSON beside it."""

    uplink = AudioFormat.PCM16_16K
    downlink = AudioFormat.PCM16_24K
    returns_marks = False
    is_carrier = False

    def __init__(self, socket: WebSocket, down: DownFormat) -> None:
        self._socket = LegSocket(socket, self._on_stuck)
        self._listener: LegListener | None = None
        self._encoder = SentenceEncoder(self.downlink.rate_hz, self._deliver) if down == "mp3" else None
        self._sentence = bytearray()
        self._odd = b""
        self._allowance = AudioAllowance(time.monotonic() * 1000)
        self._offences = 0
        self._written_of = ""
        self._refusal: tuple[int, str] | None = None

    def listen(self, listener: LegListener) -> None:
        """Events go there."""
        self._listener = listener

    async def read(self) -> None:
        """Until the browser is gone or has to go; the listener learns how."""
        assert self._listener is not None
        if not await self._socket.each(self._take):
            self._listener.on_left(EndedReason.CALLER_HUNG_UP, is_final=True)

    def _take(self, frame: str | bytes) -> bool:
        """False: the browser has to go."""
        assert self._listener is not None
        reason = self._take_audio(frame) if isinstance(frame, bytes) else self._take_message(frame)
        if reason is not None:
            self._listener.on_left(reason, is_final=True)
        return reason is None

    def _take_audio(self, chunk: bytes) -> EndedReason | None:
        assert self._listener is not None
        audio = self._odd + chunk
        end = len(audio) & ~1
        self._odd, audio = audio[end:], audio[:end]
        if not self._allowance.take(self.uplink.duration_ms(len(audio)), time.monotonic() * 1000):
            return self._refuse(1008, "audio arrives faster than it can have been spoken")
        self._listener.on_audio(audio)
        return None

    def _take_message(self, text: str) -> EndedReason | None:
        assert self._listener is not None
        if len(text) > MAX_TEXT_CHARS:
            return self._refuse(1008, "the message is larger than 64 KiB")
        try:
            message = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError):
            return self._offend("the message is not a JSON object with a type")
        match message:
            case _Message(type="text", text=typed) if typed.strip():
                self._listener.on_text(typed.strip())
            case _Message(type="dtmf", digit=digit) if digit in _DIGITS:
                self._listener.on_dtmf(digit)
            case _Message(type="stop"):
                return EndedReason.CLIENT_STOPPED
            case _:
                return self._offend(f"cannot use a message of type '{message.type[:40]}' like this")
        return None

    def _offend(self, why: str) -> EndedReason | None:
        self._offences += 1
        if self._offences >= MAX_OFFENCES:
            return self._refuse(1008, "too many messages that make no sense")
        self.notify("error", {"payload": {"message": why, "code": "invalid_message"}})
        return None

    def _refuse(self, code: int, why: str) -> EndedReason:
        self._refusal = (code, why)
        return EndedReason.CLIENT_MISBEHAVED

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        """Raw chunks go out at once; for MP3 the sentence is collected."""
        if self._encoder is not None:
            self._sentence += audio
        elif audio:
            self._send(utterance_id, audio, self.downlink.duration_ms(len(audio)))

    def end_segment(self, utterance_id: str, segment: int) -> None:
        """The sentence can be encoded."""
        if self._encoder is not None and self._sentence:
            self._encoder.put(utterance_id, bytes(self._sentence))
            self._sentence.clear()

    def end_utterance(self, utterance_id: str) -> None:
        """`audioEnd`, after the last sentence."""
        self.end_segment(utterance_id, 0)
        if self._encoder is not None:
            self._encoder.put(utterance_id, b"")
        else:
            self._end(utterance_id)

    def _end(self, utterance_id: str) -> None:
        assert self._listener is not None
        self.notify("audioEnd", {})
        self._listener.on_utterance_sent(utterance_id)

    def _deliver(self, sentence: Sentence, mp3: bytes) -> None:
        if mp3:
            self._send(sentence.utterance_id, mp3, self.downlink.duration_ms(len(sentence.pcm)))
        else:
            self._end(sentence.utterance_id)

    def _send(self, utterance_id: str, frame: bytes, duration_ms: float) -> None:
        assert self._listener is not None
        is_first, self._written_of = self._written_of != utterance_id, utterance_id
        self._socket.outbox.put(frame, is_media=True, sent=partial(self._listener.on_written, utterance_id) if is_first else None)
        self._listener.on_sent(utterance_id, duration_ms)

    def mark(self, name: str) -> None:
        """Browsers send no marks back; the account goes by the clock."""

    def clear(self) -> None:
        """`audioStop`: the browser drops what it has queued."""
        self._sentence.clear()
        if self._encoder is not None:
            self._encoder.drop()
        self._socket.outbox.drop_media()
        self.notify("audioStop", {})

    def notify(self, kind: str, fields: Mapping[str, Any]) -> None:
        """A JSON message."""
        self._socket.outbox.put(json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":")))

    async def write(self) -> None:
        """Until the leg is closed."""
        async with TaskScope("browser_leg") as scope:
            if self._encoder is not None:
                scope.start(self._encoder.run(), name="encode")
            await self._socket.outbox.run()

    async def close(self, code: int, reason: str) -> None:
        """With the code of the client's own offence when there was one."""
        code, reason = self._refusal or (code, reason)
        await self._socket.close(code, reason)

    def _on_stuck(self, why: str) -> None:
        _log.warning("browser_does_not_read", reason=why)
        self._refusal = (1013, why)
        if self._listener is not None:
            self._listener.on_left(EndedReason.CLIENT_MISBEHAVED, is_final=True)
