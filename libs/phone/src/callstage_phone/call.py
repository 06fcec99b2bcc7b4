"""One simulated phone call: follows the documents of the gateway, streams, resumes, ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urljoin

from callstage_kit.tasks import unless

from callstage_phone.codec import Codec
from callstage_phone.dialect import Clear, Dialect, Mark, Media, Mistake
from callstage_phone.events import StreamClosed, StreamOpened, StreamRefused, Watch
from callstage_phone.hearing import HeardRun
from callstage_phone.markup import BadDocument, Stream, Verb, parse_document
from callstage_phone.playout import Gap
from callstage_phone.recording import StereoRecording
from callstage_phone.room import CallOver, Room, Said
from callstage_phone.wire_socket import HandshakeRefused, WireSocket

_MAX_STEPS = 50
_CLOSE_LIMIT_S = 2.0
_MAX_PAUSE_S = 60.0


class FetchFailed(Exception):
    """A webhook could not be reached (`reason` in one word) or did not answer 2xx (`status`, `body`)."""

    def __init__(self, message: str, *, url: str = "", status: int | None = None, body: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.url = url
        self.status = status
        self.body = body
        self.reason = reason


class EndlessDocuments(Exception):
    """The documents of the gateway lead in a circle."""


class CannotStream(Exception):
    """The document asks for a stream that this carrier has not got."""


_FAILURES = (FetchFailed, BadDocument, EndlessDocuments, CannotStream)


class Network(Protocol):
    """What a call needs from its carrier."""

    async def fetch(self, call: CarrierCall, url: str, extra: Mapping[str, str]) -> str:
        """POST the carrier's signed webhook; returns the body. Raises `FetchFailed`."""
        ...

    def dialect(self, call: CarrierCall, stream: Stream) -> Dialect:
        """For one socket. Raises `ValueError` for a coding that is not spoken."""
        ...

    async def connect(self, call: CarrierCall, url: str) -> WireSocket:
        """Open the media socket. Raises `HandshakeRefused`."""
        ...

    async def report_end(self, call: CarrierCall) -> None:
        """The status callback, when one is configured."""
        ...


class CarrierCall:
    """Made by a carrier's `call()` or `dial()`. All times are on the monotonic clock.

    `ended_by` is `caller`, `server` (documents ran out, `<Hangup>`, REST), `rejected`, `forwarded` (gone with a `<Dial>`) or `error` (see
    `failure` and `problems`). `watch` hears of everything as it happens.
    """

    def __init__(
        self,
        network: Network,
        url: str,
        *,
        call_id: str,
        from_: str,
        to: str,
        codec: Codec,
        record: bool,
        dial_status: str | None,
        watch: Watch,
    ) -> None:
        self._network = network
        self._url = url
        self.call_id = call_id
        self.from_ = from_
        self.to = to
        self.room = Room(codec, send_frame=self._send_frame, send_mark=self._send_mark, record=record)
        self.dial_status = dial_status
        self._watch = watch
        self.verbs: list[Verb] = []
        self.documents: list[str] = []
        self.streams: list[StreamOpened] = []
        self.marks: list[tuple[float, str]] = []
        self.problems: list[str] = []
        self.close_codes: list[int | None] = []
        self.ended = asyncio.Event()
        self.ended_by: str | None = None
        self.failure: Exception | None = None
        self.started_at = self.room.now
        self.ended_at: float | None = None
        self._socket: WireSocket | None = None
        self._dialect: Dialect | None = None
        self._over = asyncio.Event()
        self._replacement: str | None = None

    @property
    def heard(self) -> list[HeardRun]:
        return self.room.heard

    @property
    def cleared(self) -> list[float]:
        """When the server sent `clear`."""
        return self.room.cleared

    @property
    def underruns(self) -> list[Gap]:
        return self.room.underruns

    @property
    def recording(self) -> StereoRecording:
        if self.room.recording is None:
            raise RuntimeError("this call was dialled with record=False")
        return self.room.recording

    @property
    def said_by_carrier(self) -> list[str]:
        """Texts of `<Say>`."""
        return [verb.text for verb in self.verbs if verb.name == "Say"]

    @property
    def is_streaming(self) -> bool:
        return self._socket is not None and self._socket.is_open

    async def wait_for_stream(self, timeout_s: float, *, count: int = 1) -> StreamOpened:
        """Until the media socket was opened `count` times (2: after a resume). Raises `TimeoutError`, `CallOver`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while len(self.streams) < count:
            if self.ended.is_set():
                raise CallOver(f"ended by {self.ended_by}: {self.problems}")
            if loop.time() > deadline:
                raise TimeoutError(f"{len(self.streams)} of {count} streams after {timeout_s} s")
            await asyncio.sleep(0.005)
        return self.streams[count - 1]

    async def wait_for_agent_speech(self, timeout_s: float, *, after: float | None = None) -> float:
        return await self.room.wait_for_agent_speech(timeout_s, after=after)

    async def wait_for_agent_silence(self, quiet_ms: float, timeout_s: float) -> float:
        return await self.room.wait_for_agent_silence(quiet_ms, timeout_s)

    async def wait_ended(self, timeout_s: float) -> str:
        """Returns `ended_by`. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s):
            await self.ended.wait()
        return self.ended_by or "error"

    async def say(self, pcm16: bytes, *, rate_hz: int = 8000) -> Said:
        return await self.room.say(pcm16, rate_hz=rate_hz)

    async def dtmf(self, digits: str, *, gap_s: float = 0.1) -> None:
        for digit in digits:
            if self._dialect is not None and self._socket is not None:
                self._socket.send(self._dialect.dtmf(digit))
            await asyncio.sleep(gap_s)

    async def hang_up(self) -> None:
        """The caller hangs up; returns when the call is over. Does nothing when it already is."""
        if not self.ended.is_set():
            self._finish("caller")
        await self.wait_ended(_CLOSE_LIMIT_S * 2)

    def drop_socket(self) -> None:
        """Network failure: the media connection dies without a close frame; the call goes on with the next verb."""
        if self._socket is not None:
            self._socket.abort()

    def replace_document(self, document: str) -> None:
        """What a REST update with TwiML does: the running document ends and this one starts."""
        self._replacement = document
        self._stop_stream()

    def complete(self) -> None:
        """What a REST update with `Status=completed` does."""
        self._finish("server")

    def _finish(self, by: str) -> None:
        if self.ended_by is None:
            self.ended_by = by
        self._over.set()
        self._stop_stream()

    def _stop_stream(self) -> None:
        if self._dialect is not None and self._socket is not None:
            self._socket.send(self._dialect.stop())
            self._socket.begin_close(limit_s=_CLOSE_LIMIT_S)

    async def run(self) -> None:
        """Live the call; the carrier runs this in its own task."""
        try:
            await self._follow(self._url)
        except _FAILURES as err:
            self.failure = err
            self.problems.append(f"{type(err).__name__}: {err}")
            self._finish("error")
        finally:
            self.ended_by = self.ended_by or "server"
            self.ended_at = self.room.now
            self.room.close()
            self.ended.set()
        await self._network.report_end(self)

    async def _follow(self, url: str) -> None:
        extra: Mapping[str, str] = {}
        for _ in range(_MAX_STEPS):
            if self._over.is_set():
                return
            replacement, self._replacement = self._replacement, None
            text = replacement if replacement is not None else await unless(self._over, self._network.fetch(self, url, extra))
            if text is None:
                return
            self.documents.append(text)
            following = await self._perform(url, parse_document(text))
            if self._replacement is None and following is None:
                return
            url, extra = following or (url, {})
        raise EndlessDocuments("more than 50 documents: the redirects run in a circle")

    async def _perform(self, url: str, verbs: list[Verb]) -> tuple[str, Mapping[str, str]] | None:
        """Do the verbs in order; returns the next document to fetch, if any."""
        for verb in verbs:
            if self._over.is_set() or self._replacement is not None:
                return None
            self.verbs.append(verb)
            self._watch(verb)
            match verb.name:
                case "Redirect":
                    return urljoin(url, verb.text or url), {}
                case "Hangup":
                    self._finish("server")
                case "Reject":
                    self._finish("rejected")
                case "Pause":
                    await self._rest(min(_number(verb.attributes.get("length", "1")), _MAX_PAUSE_S))
                case "Connect":
                    if verb.stream is not None:
                        await self._stream(url, verb.stream)
                    if verb.attributes.get("action"):
                        return urljoin(url, verb.attributes["action"]), {}
                case "Dial":
                    if self.dial_status is None:
                        self._finish("forwarded")
                    elif verb.attributes.get("action"):
                        return urljoin(url, verb.attributes["action"]), {"DialCallStatus": self.dial_status}
                case _:
                    # Say, Play, Gather, Record, Start …: noted in `verbs`, they take no time here.
                    continue
        return None

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return

    async def _stream(self, document_url: str, stream: Stream) -> None:
        url = urljoin(document_url.replace("http", "ws", 1), stream.url)
        try:
            self._dialect = self._network.dialect(self, stream)
        except ValueError as err:
            raise CannotStream(str(err)) from err
        self.room.playout.change_codec(self._dialect.server_codec)
        try:
            self._socket = await unless(self._over, self._network.connect(self, url))
        except HandshakeRefused as err:
            self.problems.append(f"stream: {err}")
            self._watch(StreamRefused(str(err)))
        if self._socket is None:
            self._dialect = None
            return
        opened = StreamOpened(self.room.now, url, stream.parameters)
        self.streams.append(opened)
        self._watch(opened)
        for message in self._dialect.opening():
            self._socket.send(message)
        self.room.open()
        try:
            if self._over.is_set() or self._replacement is not None:
                # It ended while the socket was being opened.
                self._stop_stream()
            await self._socket.closed.wait()
        finally:
            code = self._socket.close_code
            self.close_codes.append(code)
            self._socket, self._dialect = None, None
            # What the server queued dies with its stream.
            self.room.playout.clear()
            self._watch(StreamClosed(code))

    def receive(self, message: str | bytes) -> None:
        """One message of the server on the media socket."""
        if self._dialect is None:
            return
        command = self._dialect.parse(message)
        match command:
            case Media(payload):
                self.room.play(payload)
            case Mark(name):
                self.room.mark(name)
            case Clear():
                self.room.clear()
            case Mistake(reason, reply):
                self.problems.append(reason)
                self._watch(command)
                if reply is not None and self._socket is not None:
                    self._socket.send(reply)

    def _send_frame(self, frame: bytes) -> None:
        if self._socket is not None and self._dialect is not None:
            for message in self._dialect.media(frame):
                self._socket.send(message)

    def _send_mark(self, name: str) -> None:
        self.marks.append((self.room.now, name))
        if self._socket is not None and self._dialect is not None:
            self._socket.send(self._dialect.mark(name))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
