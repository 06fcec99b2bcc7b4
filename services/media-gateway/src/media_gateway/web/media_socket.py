"""WebSockets that carry media. uvicorn finds the handshake and the ASGI app answers it; from then on picows reads and writes the frames.

A leg that asks for it (`FRAMES` in the scope's extensions) gets every frame in the callback that read it: no queue, no task and no pausing of the
socket in between, which cost more than all else that is done with 20 ms of audio.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote

import structlog
from callstage_kit.tasks import TaskScope
from picows import WSAutoPingStrategy, WSCloseCode, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport, WSUpgradeRequest
from picows.picows import WSProtocol  # pyright: ignore[reportAttributeAccessIssue]  # what `ws_create_server` makes; not in its stubs
from uvicorn.protocols.utils import ClientDisconnected

from media_gateway.legs.socket import FRAMES

_log = structlog.get_logger(__name__)
_picows_log = logging.getLogger("picows")
# Below that it tells of every connection, with the caller's address.
_picows_log.setLevel(logging.ERROR)

MAX_FRAME_BYTES: Final = 1 << 20
_MAX_EARLY_BYTES: Final = 64 << 10
_MAX_QUEUED: Final = 64
"""Messages that wait for whoever reads them one by one; the socket is not read meanwhile."""
_PING_S: Final = 20.0
_CLOSE_TIMEOUT_S: Final = 10.0
_BUFFER_BYTES: Final = 4096
_NORMAL, _ABNORMAL, _GOING_AWAY = 1000, 1006, 1012
_TEXT, _BINARY, _CLOSE, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CLOSE, WSMsgType.CONTINUATION

Take = Callable[[str | bytes], bool]


class MediaSocket(WSListener):
    """What uvicorn makes for each WebSocket (its `ws` option); a protocol until the app accepts, then the listener of picows' protocol."""

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._app = config.loaded_app
        self._state = app_state
        self._connections: set[Any] = server_state.connections
        self._tasks: set[asyncio.Task[None]] = server_state.tasks
        self._loop = _loop or asyncio.get_running_loop()
        self._transport: Any = None
        self._request = b""
        self._early = b""
        self._socket: WSTransport | None = None
        self._messages: deque[dict[str, Any]] = deque([{"type": "websocket.connect"}])
        self._arrived = asyncio.Event()
        self._arrived.set()
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_over = False
        self._is_closing = False
        self._is_paused = False
        self._parts: list[bytes] = []
        self._parts_kind = _TEXT
        self._parts_bytes = 0
        self._take: Take | None = None
        self._taken: asyncio.Future[bool] | None = None
        self._closer: asyncio.TimerHandle | None = None

    # Until the app accepts.

    def connection_made(self, transport: Any) -> None:
        """From uvicorn."""
        self._transport = transport
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """First the request, in one piece, as uvicorn has read and rebuilt it."""
        if not self._request:
            self._request = data
            task = TaskScope("media_socket").start(self._serve(), name="serve")
            # The server waits for it when it ends.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        self._early += data
        if len(self._early) > _MAX_EARLY_BYTES:
            self._transport.abort()

    def eof_received(self) -> bool:
        """The transport closes itself."""
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Before the app accepted."""
        self._end(_ABNORMAL)

    async def _serve(self) -> None:
        try:
            await self._app(self._scope(), self._receive, self._send)
        except ClientDisconnected:
            pass
        except Exception:
            _log.exception("socket_app_failed")
            if self._socket is None:
                self._refuse(b"500 Internal Server Error")
        if self._closer is None:
            self._transport.close()

    def _scope(self) -> dict[str, Any]:
        line, *fields = self._request.removesuffix(b"\r\n\r\n").split(b"\r\n")
        path, _, query = line.split(b" ")[1].partition(b"?")
        headers = [(name.lower(), value) for name, _, value in (field.partition(b": ") for field in fields)]
        return {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "server": self._transport.get_extra_info("sockname"),
            "client": self._transport.get_extra_info("peername"),
            "root_path": "",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "subprotocols": [],
            "state": self._state.copy(),
            "extensions": {FRAMES: self},
        }

    def _accept(self) -> None:
        """Hand the connection, request and all, to picows, which answers it. Raises ClientDisconnected when that did not work out."""
        protocol: Any = WSProtocol(
            None,
            None,
            False,
            self._listener,
            _picows_log,
            True,
            None,
            True,
            _PING_S,
            _PING_S,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            True,
            MAX_FRAME_BYTES,
            None,
            _BUFFER_BYTES,
        )
        protocol.connection_made(self._transport)
        _feed(protocol, self._request)
        if self._socket is None:
            raise ClientDisconnected
        self._transport.set_protocol(protocol)
        early, self._early = self._early, b""
        if early:
            _feed(protocol, early)

    def _listener(self, _request: WSUpgradeRequest) -> WSListener:
        return self

    def _refuse(self, status: bytes) -> None:
        self._transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self._transport.close()
        self._end(_ABNORMAL)

    # From picows.

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake was answered."""
        self._socket = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """One frame, unmasked and within the limit of its size."""
        kind = frame.msg_type
        is_whole = frame.fin and not self._parts
        if kind == _TEXT and is_whole:
            self._deliver(_text(frame))
        elif kind == _BINARY and is_whole:
            self._deliver(frame.get_payload_as_bytes())
        elif kind in (_TEXT, _BINARY, _CONTINUATION):
            if (kind == _CONTINUATION) is not bool(self._parts):
                raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "pieces of messages are out of order")
            if kind != _CONTINUATION:
                self._parts_kind, self._parts_bytes = kind, 0
            self._collect(frame)
        elif kind == _CLOSE:
            self._end(frame.get_close_code().value or _NORMAL)
            if not transport.is_close_frame_sent:
                transport.send_close(WSCloseCode.OK)
            transport.disconnect()

    def _collect(self, frame: WSFrame) -> None:
        self._parts.append(frame.get_payload_as_bytes())
        self._parts_bytes += len(self._parts[-1])
        if self._parts_bytes > MAX_FRAME_BYTES:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, "the message is too large")
        if frame.fin:
            whole, self._parts = b"".join(self._parts), []
            self._deliver(_decoded(whole) if self._parts_kind == _TEXT else whole)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The connection is gone, with or without a word."""
        if self._closer is not None:
            self._closer.cancel()
        self._end(_ABNORMAL)

    def pause_writing(self) -> None:
        """The client does not read fast enough."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._writable.set()

    def _deliver(self, message: str | bytes) -> None:
        if self._is_closing or self._is_over:
            return
        if self._take is not None:
            self._hand(message)
            return
        self._put({"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message})
        if len(self._messages) >= _MAX_QUEUED and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _put(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        self._arrived.set()

    def _end(self, code: int) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._connections.discard(self)
        self._writable.set()
        self._put({"type": "websocket.disconnect", "code": code})
        self._settle(False)

    # For the leg (`FrameSocket`).

    async def each(self, take: Take) -> bool:
        """Give every message to `take` until it says False (→ True) or the other side is gone (→ False). Raises what `take` raises."""
        self._taken, self._take = self._loop.create_future(), take
        while self._messages and self._take is not None:
            message = self._messages.popleft()
            if message["type"] == "websocket.disconnect":
                self._settle(False)
            else:
                text = message.get("text")
                self._hand(message["bytes"] if text is None else text)
        self._read_on()
        return await self._taken

    def write(self, message: str | bytes) -> bool:
        """Write a frame now; False when it would have to wait, or the socket is closed."""
        socket = self._socket
        if socket is None or self._is_over or self._is_closing or not self._writable.is_set():
            return False
        if isinstance(message, str):
            socket.send(_TEXT, message.encode())
        else:
            socket.send(_BINARY, message)
        return True

    def _hand(self, message: str | bytes) -> None:
        assert self._take is not None
        try:
            goes_on = self._take(message)
        except Exception as err:
            # For whoever waits in `each`.
            self._settle(err)
        else:
            if not goes_on:
                self._settle(True)

    def _settle(self, outcome: bool | Exception) -> None:
        taken, self._take = self._taken, None
        if taken is None or taken.done():
            return
        if isinstance(outcome, Exception):
            taken.set_exception(outcome)
        else:
            taken.set_result(outcome)

    # For the app.

    async def _receive(self) -> dict[str, Any]:
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        if not self._messages:
            self._read_on()
        return message

    def _read_on(self) -> None:
        if self._is_paused and not self._is_over:
            self._is_paused = False
            self._transport.resume_reading()

    async def _send(self, message: dict[str, Any]) -> None:
        await self._writable.wait()
        if self._is_over:
            raise ClientDisconnected
        kind = message["type"]
        if kind == "websocket.accept" and self._socket is None:
            self._accept()
        elif kind == "websocket.send" and self._socket is not None:
            text = message.get("text")
            if not self.write(message["bytes"] if text is None else text):
                raise ClientDisconnected
        elif kind == "websocket.close" and self._socket is None:
            self._refuse(b"403 Forbidden")
        elif kind == "websocket.close":
            self._close(message.get("code", _NORMAL), message.get("reason") or "")
        else:
            raise RuntimeError(f"'{kind}' is not possible now")

    def _close(self, code: int, reason: str) -> None:
        if self._is_closing or self._socket is None:
            return
        self._is_closing = True
        self._socket.send_close(cast(WSCloseCode, code), reason.encode())
        self._settle(False)
        self._read_on()
        self._closer = self._loop.call_later(_CLOSE_TIMEOUT_S, self._transport.close)

    # From uvicorn, when the server ends.

    def shutdown(self) -> None:
        """Tell the client and close."""
        if self._socket is None:
            self._refuse(b"503 Service Unavailable")
            return
        if not self._is_closing:
            self._socket.send_close(WSCloseCode.SERVICE_RESTART)
        self._end(_GOING_AWAY)
        self._transport.close()


def _feed(protocol: Any, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        buffer = memoryview(protocol.get_buffer(len(rest))).cast("B")
        size = min(len(buffer), len(rest))
        buffer[:size] = rest[:size]
        protocol.buffer_updated(size)
        rest = rest[size:]


def _text(frame: WSFrame) -> str:
    try:
        return frame.get_payload_as_utf8_text()
    except UnicodeDecodeError as err:
        raise WSProtocolError(WSCloseCode.INVALID_TEXT, "the text is not UTF-8") from err


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as err:
        raise WSProtocolError(WSCloseCode.INVALID_TEXT, "the text is not UTF-8") from err
