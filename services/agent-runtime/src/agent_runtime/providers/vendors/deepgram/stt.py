"""Deepgram speech-to-text on a WebSocket of our own: the SDK sits on the deprecated client of `websockets`."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import PROVIDER_SECONDS, QUEUE_DROPPED_TOTAL

from agent_runtime.providers import failures, speech_socket
from agent_runtime.providers.failures import Deadlines, counted
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_socket import connected
from agent_runtime.providers.vendors.deepgram.protocol import CLOSE_STREAM, FINALIZE, KEEP_ALIVE, VENDOR, listen_url, read_message

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_QUEUE_MS: Final = 10_000.0
"""Audio that may wait for the socket; older audio is of no use to a live conversation."""
_KEEP_ALIVE_S: Final = 4.0
"""Deepgram closes a socket without audio after ten seconds."""
_CLOSE_S: Final = 0.5
_FINALIZE_WAIT_S: Final = 2.0
_DEAF_MS: Final = 2000.0
"""That much audio without any answer at all: the vendor is stalled, not merely hearing silence (it reports on silence too)."""


class DeepgramStt:
    """Nova models through `/v1/listen`."""

    name = VENDOR
    formats: tuple[AudioFormat, ...] = (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model: str,
        deadlines: Deadlines,
        egress: EgressPolicy | None = None,
        *,
        finalize_wait_s: float = _FINALIZE_WAIT_S,
    ) -> None:
        self._headers = {"Authorization": f"Token {api_key}"}
        self._base_url = base_url
        self._model = model
        self._deadlines = deadlines
        self._egress = egress
        self._finalize_wait_s = finalize_wait_s

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        speech_socket.warm()

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator[DeepgramStream, None]:
        """See `SttProvider`."""
        socket = await self._connect(request)
        stream = DeepgramStream(socket, request.audio_format, self._finalize_wait_s)
        async with TaskScope("deepgram", on_failure=stream.note_failure) as scope:
            scope.start(stream.pump(), name="send")
            try:
                yield stream
            finally:
                await stream.close()

    async def _connect(self, request: SttRequest) -> ClientConnection:
        url = listen_url(self._base_url, self._model, request)
        started = time.monotonic()
        try:
            socket = await connected(url, self._headers, VENDOR, self._deadlines.connect_s, self._egress)
        except DependencyError as err:
            raise counted("stt", err) from err.__cause__
        PROVIDER_SECONDS.labels("stt", VENDOR).observe(time.monotonic() - started)
        return socket


class DeepgramStream:
    """One socket. `send` and `finalize` only queue; `pump` writes, `transcripts` reads."""

    def __init__(self, socket: ClientConnection, audio_format: AudioFormat, finalize_wait_s: float) -> None:
        self._socket = socket
        self._format = audio_format
        self._finalize_wait_s = finalize_wait_s
        self._outbox: deque[bytes | str] = deque()
        self._queued_bytes = 0
        self._limit_bytes = audio_format.size_bytes(_QUEUE_MS)
        self._wake = asyncio.Event()
        self._closing = False
        self._failure: BaseException | None = None
        self._unanswered_bytes = 0
        self._taken_bytes = 0
        self._settled_ms = 0.0
        self._has_interim = False
        self._is_settled = False
        self._finalizes = 0
        self._deadline: asyncio.Timeout | None = None

    async def send(self, audio: bytes) -> None:
        """Queue audio; the oldest waiting audio is dropped when the socket does not keep up."""
        self._outbox.append(audio)
        self._queued_bytes += len(audio)
        self._unanswered_bytes += len(audio)
        while self._queued_bytes > self._limit_bytes:
            self._drop_oldest_audio()
        self._wake.set()

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """Queue the control message behind the audio; answered here and now when the vendor has settled all the speech already."""
        heard_ms = self._format.duration_ms(self._taken_bytes + self._queued_bytes)
        if not self._finalizes and not self._has_interim and self._settled_ms > 0 and self._settled_ms >= heard_ms - quiet_ms:
            self._is_settled = True
            self._remind(0.0)
            return
        self._outbox.append(FINALIZE)
        self._finalizes += 1
        self._remind(self._finalize_wait_s)
        self._wake.set()

    async def transcripts(self) -> AsyncGenerator[Transcript, None]:
        """See `SttStream`."""
        while not self._closing:
            try:
                transcript = await self._next()
            except DependencyError as err:
                counted("stt", err)
                raise
            if transcript is None:
                return
            yield transcript

    async def pump(self) -> None:
        """Write what is queued, in order; keep the socket alive while nothing is."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                try:
                    async with asyncio.timeout(_KEEP_ALIVE_S):
                        await self._wake.wait()
                except TimeoutError:
                    await self._socket.send(KEEP_ALIVE)
                    continue
                self._wake.clear()
                while self._outbox:
                    await self._socket.send(self._take())
        except ConnectionClosed:
            # The reader sees the same end and reports it.
            return

    def note_failure(self, _: str, error: BaseException) -> None:
        """The writer died of something unexpected: end the reader with it."""
        self._failure = error
        self._remind(0.0)

    async def close(self) -> None:
        """Tell the vendor and close; bounded."""
        from websockets.exceptions import ConnectionClosed

        self._closing = True
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._socket.send(CLOSE_STREAM)
                await self._socket.close()
        except (TimeoutError, ConnectionClosed):
            self._socket.transport.abort()

    async def _next(self) -> Transcript | None:
        """The next text, None after our own close."""
        from websockets.exceptions import ConnectionClosed

        while True:
            if self._is_settled:
                return self._settled()
            try:
                async with asyncio.timeout(self._finalize_wait_s if self._finalizes else None) as self._deadline:
                    message = await self._socket.recv()
            except TimeoutError as err:
                return self._settled() if self._is_settled else self._without_answer(err)
            except ConnectionClosed as err:
                if self._closing:
                    return None
                raise failures.disconnected(VENDOR, "stream") from err
            finally:
                self._deadline = None
            self._unanswered_bytes = 0
            transcript = read_message(message)
            if transcript is not None:
                if transcript.answers_finalize:
                    self._finalizes = max(0, self._finalizes - 1)
                self._has_interim = not transcript.is_final
                if transcript.is_final and transcript.until_ms is not None:
                    self._settled_ms = transcript.until_ms
                return transcript

    def _remind(self, after_s: float) -> None:
        """Wake the reader then. A deadline that has fired wakes it anyway, and refuses to be moved."""
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + after_s)

    def _settled(self) -> Transcript:
        self._is_settled = False
        return Transcript("", is_final=True, answers_finalize=True)

    def _without_answer(self, error: TimeoutError) -> Transcript:
        """Deepgram leaves a `Finalize` unanswered when it holds nothing to settle; a stalled Deepgram does too."""
        if self._failure is not None or self._format.duration_ms(self._unanswered_bytes) >= _DEAF_MS:
            raise failures.timed_out(VENDOR, "stream") from (self._failure or error)
        self._finalizes = 0
        return Transcript("", is_final=True, answers_finalize=True)

    def _take(self) -> bytes | str:
        """A control message, or all audio up to the next one in a single message."""
        first = self._outbox.popleft()
        if isinstance(first, str):
            return first
        parts = [first]
        while self._outbox and isinstance(following := self._outbox[0], bytes):
            parts.append(following)
            self._outbox.popleft()
        audio = b"".join(parts)
        self._queued_bytes -= len(audio)
        self._taken_bytes += len(audio)
        return audio

    def _drop_oldest_audio(self) -> None:
        for index, item in enumerate(self._outbox):
            if isinstance(item, bytes):
                del self._outbox[index]
                self._queued_bytes -= len(item)
                QUEUE_DROPPED_TOTAL.labels("stt_audio").inc()
                return
