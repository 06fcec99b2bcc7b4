"""A carrier's media stream as a leg. The carrier buffers: audio goes out as it comes, in whole 20 ms frames."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import structlog
from callstage_domain.audio import FRAME_MS
from callstage_domain.call import EndedReason
from starlette.websockets import WebSocket

from media_gateway.carriers.port import Dtmf, Ignored, MalformedFrame, MarkPlayed, Media, Started, Stopped, StreamDialect, StreamEvent
from media_gateway.legs.port import LegListener
from media_gateway.legs.socket import LegSocket

_log = structlog.get_logger(__name__)

MAX_FRAME_CHARS: Final = 64 << 10
MAX_OFFENCES: Final = 10
START_TIMEOUT_S: Final = 5.0


class StreamRefused(Exception):
    """The socket does not behave like this carrier's; close it with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class CarrierLeg:
    """Use `wait_for_start` first, then `listen` and run `read` and `write` until the call is over."""

    returns_marks = True
    is_carrier = True

    def __init__(self, socket: WebSocket, dialect: StreamDialect) -> None:
        self._socket = LegSocket(socket, self._on_stuck)
        self._dialect = dialect
        self._listener: LegListener | None = None
        self._offences = 0
        self._ignored = 0
        self._rest = b""
        self._written_of = ""
        self._refused: StreamRefused | None = None

    async def wait_for_start(self) -> Started | None:
        """None: the socket was dropped before it began, which carriers do while they bridge. Raises StreamRefused."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while (frame := await self._socket.receive()) is not None:
                    for event in self._parse(frame):
                        if isinstance(event, Started):
                            self.uplink = self._dialect.uplink
                            self.downlink = self._dialect.downlink
                            return event
        except TimeoutError as err:
            raise StreamRefused(1008, f"no start within {START_TIMEOUT_S:.0f} s") from err
        return None

    def listen(self, listener: LegListener) -> None:
        """Events go there."""
        self._listener = listener

    async def read(self) -> None:
        """Until the carrier is gone; the listener learns how."""
        assert self._listener is not None
        try:
            if await self._socket.each(self._take):
                return
        except StreamRefused as refused:
            _log.warning("carrier_stream_refused", reason=refused.reason)
            self._refused = refused
            self._listener.on_left(EndedReason.CARRIER_FAILED, is_final=True)
            return
        self._listener.on_left(EndedReason.CARRIER_FAILED, is_final=False)

    def _take(self, frame: str | bytes) -> bool:
        """False: the stream is over."""
        listener = self._listener
        assert listener is not None
        for event in self._parse(frame):
            if isinstance(event, Media):
                listener.on_audio(event.audio)
            elif self._is_over(event, listener):
                return False
        return True

    def _is_over(self, event: StreamEvent, listener: LegListener) -> bool:
        match event:
            case MarkPlayed(name):
                listener.on_mark(name)
            case Dtmf(digit):
                listener.on_dtmf(digit)
            case Ignored():
                self._ignored += 1
            case Stopped():
                listener.on_left(EndedReason.CALLER_HUNG_UP, is_final=True)
                return True
            case _:
                pass
        return False

    def _parse(self, frame: str | bytes) -> Sequence[StreamEvent]:
        if isinstance(frame, str) and len(frame) <= MAX_FRAME_CHARS:
            try:
                return self._dialect.parse(frame)
            except MalformedFrame as err:
                self._offend(1008, err.message)
                return ()
        if isinstance(frame, bytes):
            self._offend(1003, "binary frames are not part of this dialect")
        else:
            self._offend(1009, "the frame is larger than 64 KiB")
        return ()

    def _offend(self, code: int, why: str) -> None:
        self._offences += 1
        if self._offences >= MAX_OFFENCES:
            raise StreamRefused(code if code != 1008 else 1003, why)

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        """What does not fill a 20 ms frame waits for the next piece."""
        audio = self._rest + audio
        frame_bytes = self.downlink.size_bytes(FRAME_MS)
        end = len(audio) - len(audio) % frame_bytes
        self._rest = audio[end:]
        if end:
            self._send(utterance_id, audio[:end])

    def end_segment(self, utterance_id: str, segment: int) -> None:
        """The last frame is filled up with silence."""
        if self._rest:
            frame_bytes = self.downlink.size_bytes(FRAME_MS)
            silence = b"\xff" if self.downlink.sample_bytes == 1 else b"\x00"
            audio, self._rest = self._rest.ljust(frame_bytes, silence), b""
            self._send(utterance_id, audio)

    def end_utterance(self, utterance_id: str) -> None:
        """A runtime that ends no segment still gets its last samples out."""
        self.end_segment(utterance_id, 0)
        if self._listener is not None:
            self._listener.on_utterance_sent(utterance_id)

    def _send(self, utterance_id: str, audio: bytes) -> None:
        assert self._listener is not None
        largest = self.downlink.size_bytes(1000)
        for start in range(0, len(audio), largest):
            is_first, self._written_of = self._written_of != utterance_id, utterance_id
            sent = partial(self._listener.on_written, utterance_id) if is_first else None
            self._socket.outbox.put(self._dialect.media(audio[start : start + largest]), is_media=True, sent=sent)
        self._listener.on_sent(utterance_id, self.downlink.duration_ms(len(audio)))

    def mark(self, name: str) -> None:
        """Comes back through `on_mark`."""
        self._socket.outbox.put(self._dialect.mark(name), is_media=True)

    def clear(self) -> None:
        """Drops what we hold and what the carrier holds."""
        self._rest = b""
        self._socket.outbox.drop_media()
        self._socket.outbox.put(self._dialect.clear())

    def notify(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Nobody reads along on the phone."""

    async def write(self) -> None:
        """Until the leg is closed."""
        await self._socket.outbox.run()

    async def close(self, code: int, reason: str) -> None:
        """The carrier goes on with its document: it asks the resume address."""
        refused = self._refused
        await self._socket.close(refused.code if refused else code, refused.reason if refused else reason)

    def _on_stuck(self, why: str) -> None:
        _log.warning("carrier_does_not_read", reason=why)
        if self._listener is not None:
            self._listener.on_left(EndedReason.CARRIER_FAILED, is_final=False)
