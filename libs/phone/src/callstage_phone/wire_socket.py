"""A WebSocket client that sends from a timer callback: no task and no await per frame."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_MAX_BACKLOG_BYTES = 512 * 1024
_NOTHING: Mapping[str, str] = {}

Received = Callable[[str | bytes], None]


class HandshakeRefused(Exception):
    """The server answered the upgrade with something else than 101, or not at all."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class WireSocket(asyncio.Protocol):
    """`on_message` is called inside the read callback. `closed` is set when the connection is gone, however it went.

    When the server reads too slowly, messages beyond 512 KB are dropped and counted, as carriers do.
    """

    def __init__(self, protocol: ClientProtocol, on_message: Received) -> None:
        self._protocol = protocol
        self._on_message = on_message
        self._transport: asyncio.Transport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._partial: list[bytes] = []
        self._partial_is_text = True
        self._deadline: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()
        self.dropped_messages = 0

    @classmethod
    async def open(cls, url: str, on_message: Received, *, headers: Mapping[str, str] = _NOTHING, timeout_s: float = 5.0) -> WireSocket:
        """Raises `HandshakeRefused`."""
        try:
            uri = parse_uri(url)
        except InvalidURI as err:
            raise HandshakeRefused(str(err)) from err
        protocol = ClientProtocol(uri, max_size=_MAX_MESSAGE_BYTES)
        loop = asyncio.get_running_loop()
        socket = cls(protocol, on_message)
        tls = ssl.create_default_context() if uri.secure else None
        try:
            async with asyncio.timeout(timeout_s):
                await loop.create_connection(lambda: socket, uri.host, uri.port, ssl=tls)
                request = protocol.connect()
                for name, value in headers.items():
                    request.headers[name] = value
                protocol.send_request(request)
                socket._flush()
                await socket._opened
        except TimeoutError as err:
            socket.abort()
            raise HandshakeRefused("timed out during opening handshake") from err
        except OSError as err:
            socket.abort()
            raise HandshakeRefused(str(err) or type(err).__name__) from err
        except BaseException:
            socket.abort()
            raise
        return socket

    @property
    def is_open(self) -> bool:
        return self._protocol.state is State.OPEN and not self.closed.is_set()

    @property
    def close_code(self) -> int | None:
        """1006 when the connection died without a close frame; None while open."""
        return self._protocol.close_code if self.closed.is_set() else None

    @property
    def close_reason(self) -> str | None:
        return self._protocol.close_reason

    def send(self, message: str | bytes) -> None:
        """Queue a message; does nothing once the socket is closed."""
        if not self.is_open or self._transport is None:
            return
        if self._transport.get_write_buffer_size() > _MAX_BACKLOG_BYTES:
            self.dropped_messages += 1
            return
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()

    def begin_close(self, code: int = 1000, *, limit_s: float = 1.0) -> None:
        """Start the closing handshake; the connection is cut after `limit_s` whatever the server does."""
        if not self.is_open:
            self.abort()
            return
        self._protocol.send_close(code)
        self._flush()
        self._deadline = asyncio.get_running_loop().call_later(limit_s, self.abort)

    async def close(self, code: int = 1000, *, limit_s: float = 1.0) -> None:
        """`begin_close`, then wait until the connection is gone."""
        self.begin_close(code, limit_s=limit_s)
        await self.closed.wait()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        else:
            self.closed.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        self._flush()
        self._dispatch()

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._flush()
        self._dispatch()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._protocol.state is not State.CLOSED:
            self._protocol.receive_eof()
        if not self._opened.done():
            self._opened.set_exception(HandshakeRefused("connection lost during the handshake"))
            # The opener may have left by its deadline; then nobody reads this.
            self._opened.exception()
        if self._deadline is not None:
            self._deadline.cancel()
        self.closed.set()

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()
                return
        if self._protocol.state is State.CLOSED:
            self._transport.close()

    def _dispatch(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._opening(event)
            elif isinstance(event, Frame):
                self._frame(event)

    def _opening(self, response: Response) -> None:
        if self._opened.done():
            return
        problem: Any = self._protocol.handshake_exc
        if problem is None:
            self._opened.set_result(None)
        else:
            reason = str(problem) if isinstance(problem, InvalidHandshake) else f"{type(problem).__name__}: HTTP {response.status_code}"
            self._opened.set_exception(HandshakeRefused(reason, response.status_code))

    def _frame(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._partial_is_text = frame.opcode is Opcode.TEXT
            self._partial = []
        elif frame.opcode is not Opcode.CONT:
            return
        self._partial.append(bytes(frame.data))
        if frame.fin:
            data = self._partial[0] if len(self._partial) == 1 else b"".join(self._partial)
            self._partial = []
            self._on_message(data.decode("utf-8", "replace") if self._partial_is_text else data)
