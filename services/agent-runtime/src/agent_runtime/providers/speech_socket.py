"""The WebSocket under a cloud recogniser: connecting, a bounded queue of audio, deadlines. What is said on it is its `SpeechDialogue`."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.egress_policy import EgressPolicy, EgressRefused, checked_addresses
from callstage_kit.tasks import TaskScope, in_thread
from callstage_kit.telemetry.metrics import PROVIDER_SECONDS, QUEUE_DROPPED_TOTAL

from agent_runtime.providers import failures
from agent_runtime.providers.failures import Deadlines, counted
from agent_runtime.providers.lazy_imports import load, loaded
from agent_runtime.providers.ports import Transcript
from agent_runtime.providers.speech_dialogue import Reply, SpeechDialogue

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_QUEUE_MS: Final = 10_000.0
"""Audio that may wait for the socket; older audio is of no use to a live conversation."""
_CLOSE_S: Final = 0.5
_PING_S: Final = 5.0


def warm() -> None:
    """Import the WebSocket client and read the trusted certificates; blocking, from a thread."""
    load("websockets.asyncio.client")
    _tls()


@asynccontextmanager
async def recognition(
    url: str,
    headers: dict[str, str],
    audio_format: AudioFormat,
    dialogue: SpeechDialogue,
    deadlines: Deadlines,
    egress: EgressPolicy | None = None,
) -> AsyncGenerator[SocketSttStream, None]:
    """Connected and accepted while entered; see `SttProvider.open`."""
    started = time.monotonic()
    try:
        socket = await connected(url, headers, dialogue.vendor, deadlines.connect_s, egress)
    except DependencyError as err:
        raise counted("stt", err) from err.__cause__
    stream = SocketSttStream(socket, audio_format, dialogue)
    async with TaskScope(dialogue.vendor, on_failure=stream.note_failure) as scope:
        try:
            await stream.begin(deadlines.first_byte_s)
            PROVIDER_SECONDS.labels("stt", dialogue.vendor).observe(time.monotonic() - started)
            scope.start(stream.pump(), name="send")
            yield stream
        finally:
            await stream.close()


class SocketSttStream:
    """One socket. `send` and `finalize` only queue; `pump` writes, `transcripts` reads."""

    def __init__(self, socket: ClientConnection, audio_format: AudioFormat, dialogue: SpeechDialogue) -> None:
        self._socket = socket
        self._format = audio_format
        self._dialogue = dialogue
        self._outbox: deque[bytes | str] = deque()
        self._sent_bytes = 0
        self._queued_bytes = 0
        self._limit_bytes = audio_format.size_bytes(_QUEUE_MS)
        self._wake = asyncio.Event()
        self._texts: deque[Transcript] = deque()
        self._deadline: asyncio.Timeout | None = None
        self._failure: BaseException | None = None
        self._closing = False

    async def begin(self, limit_s: float) -> None:
        """Set the session up. Raises DependencyError."""
        from websockets.exceptions import ConnectionClosed

        vendor = self._dialogue.vendor
        try:
            async with asyncio.timeout(limit_s):
                for message in self._dialogue.opening:
                    await self._socket.send(message)
                while not self._dialogue.is_ready:
                    self._apply(self._dialogue.read(await self._socket.recv(), _now_s()))
        except TimeoutError as err:
            raise counted("stt", failures.timed_out(vendor, "first_byte")) from err
        except ConnectionClosed as err:
            raise counted("stt", failures.disconnected(vendor, "first_byte")) from err
        except DependencyError as err:
            counted("stt", err)
            raise

    async def send(self, audio: bytes) -> None:
        """Queue audio; the oldest waiting audio is dropped when the socket does not keep up."""
        self._outbox.append(audio)
        self._queued_bytes += len(audio)
        while self._queued_bytes > self._limit_bytes:
            self._drop_oldest_audio()
        self._wake.set()

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """Queue what the vendor wants to hear behind the audio."""
        heard_ms = self._format.duration_ms(self._sent_bytes + self._queued_bytes)
        self._apply(self._dialogue.finalize(_now_s(), heard_ms, quiet_ms))
        self._remind(_now_s() if self._texts else self._dialogue.due_s)

    async def transcripts(self) -> AsyncGenerator[Transcript, None]:
        """See `SttStream`."""
        while not self._closing:
            if self._texts:
                yield self._texts.popleft()
                continue
            try:
                await self._step()
            except DependencyError as err:
                counted("stt", err)
                raise

    async def pump(self) -> None:
        """Write what is queued, in order."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    message = self._take()
                    if message:
                        await self._socket.send(message)
        except ConnectionClosed:
            # The reader sees the same end and reports it.
            return

    def note_failure(self, _: str, error: BaseException) -> None:
        """The writer died of something unexpected: end the reader with it."""
        self._failure = error
        self._remind(_now_s())

    async def close(self) -> None:
        """Tell the vendor and close; bounded."""
        from websockets.exceptions import ConnectionClosed

        self._closing = True
        goodbye = self._dialogue.goodbye
        try:
            async with asyncio.timeout(_CLOSE_S):
                if goodbye is not None:
                    await self._socket.send(goodbye)
                await self._socket.close()
        except (TimeoutError, ConnectionClosed):
            self._socket.transport.abort()

    async def _step(self) -> None:
        """Wait for one message or deadline."""
        from websockets.exceptions import ConnectionClosed

        dialogue = self._dialogue
        if self._failure is not None:
            raise failures.disconnected(dialogue.vendor, "stream") from self._failure
        try:
            async with asyncio.timeout_at(dialogue.due_s) as self._deadline:
                message = await self._socket.recv()
        except TimeoutError:
            # A finalize may have brought the deadline forward, or pushed it back at the same moment.
            if dialogue.due_s is not None and dialogue.due_s <= _now_s():
                self._apply(dialogue.elapsed(_now_s()))
        except ConnectionClosed as err:
            if not self._closing:
                raise failures.disconnected(dialogue.vendor, "stream") from err
        else:
            self._apply(dialogue.read(message, _now_s()))
        finally:
            self._deadline = None

    def _apply(self, reply: Reply) -> None:
        self._texts += reply.transcripts
        if reply.messages:
            self._outbox += reply.messages
            self._wake.set()

    def _remind(self, when_s: float | None) -> None:
        """Wake the reader then. A deadline that has fired wakes it anyway, and refuses to be moved."""
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(when_s)

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
        self._sent_bytes += len(audio)
        return self._dialogue.audio(audio)

    def _drop_oldest_audio(self) -> None:
        for index, item in enumerate(self._outbox):
            if isinstance(item, bytes):
                del self._outbox[index]
                self._queued_bytes -= len(item)
                QUEUE_DROPPED_TOTAL.labels("stt_audio").inc()
                return


async def connected(url: str, headers: dict[str, str], vendor: str, limit_s: float, egress: EgressPolicy | None = None) -> ClientConnection:
    """An open socket. With `egress`, for addresses that tenants chose, it leads to an address that was checked. Raises DependencyError."""
    await loaded("websockets.asyncio.client")
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus, WebSocketException

    tls = await in_thread(_tls) if url.startswith("wss:") else None
    try:
        # The outer limit also covers DNS and TLS, which `open_timeout` counts as well but ends with a slower close.
        async with asyncio.timeout(limit_s):
            targets = [{}] if egress is None else await _pinned(url, egress)
            for target in targets:
                connecting = connect(
                    url,
                    additional_headers=headers,
                    compression=None,
                    open_timeout=None,
                    ping_interval=_PING_S,
                    ping_timeout=_PING_S,
                    close_timeout=_CLOSE_S,
                    max_queue=64,
                    ssl=tls,
                    **target,
                )
                # Vendors do not redirect, and the key must not travel to another host.
                connecting.process_redirect = lambda exc: exc
                try:
                    return await connecting
                except OSError:
                    if target is targets[-1]:
                        raise
            raise failures.unreachable(vendor)
    except InvalidStatus as err:
        raise failures.by_status(vendor, err.response.status_code) from err
    except TimeoutError as err:
        raise failures.timed_out(vendor, "connect") from err
    except (OSError, UnicodeError, WebSocketException) as err:
        raise failures.unreachable(vendor) from err
    except EgressRefused as err:
        raise failures.not_allowed(vendor) from err


async def _pinned(url: str, egress: EgressPolicy) -> list[dict[str, Any]]:
    """Options of `connect` for each checked address. No proxy, which would look the name up again; `Host` and TLS name stay those of the URL."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    return [{"host": str(address), "port": port, "proxy": None} for address in await checked_addresses(egress, parts.hostname or "", port)]


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Shared: reading the trusted certificates takes 10 ms or more."""
    return ssl.create_default_context()


def _now_s() -> float:
    return asyncio.get_running_loop().time()
