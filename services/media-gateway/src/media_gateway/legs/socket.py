"""One accepted WebSocket: read frame by frame or straight from its callback, write through the outbox, close for sure."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from media_gateway.legs.outbox import Outbox

FRAMES: Final = "callstage.frames"
"""Name of the ASGI extension under which a server offers a `FrameSocket`."""
_CLOSE_TIMEOUT_S: Final = 5.0
_MAX_REASON_BYTES: Final = 120


class FrameSocket(Protocol):
    """A WebSocket whose frames need no task: what `websocket.receive` and `websocket.send` do, in the callback that reads the socket."""

    async def each(self, take: Callable[[str | bytes], bool]) -> bool:
        """Give every message to `take` until it says False (→ True) or the other side is gone (→ False). Raises what `take` raises."""
        ...

    def write(self, message: str | bytes) -> bool:
        """Write now; False when it would have to wait, or the socket is closed."""
        ...


class LegSocket:
    """Shared by all legs that are WebSockets."""

    def __init__(self, socket: WebSocket, on_stuck: Callable[[str], None]) -> None:
        self._socket = socket
        self._frames = cast(FrameSocket | None, socket.scope.get("extensions", {}).get(FRAMES))
        self.outbox = Outbox(self._send, on_stuck, write_now=self._frames.write if self._frames is not None else None)

    async def _send(self, frame: dict[str, Any]) -> None:
        try:
            await self._socket.send(frame)
        except WebSocketDisconnect as err:
            raise ConnectionError("the socket is closed") from err

    async def receive(self) -> str | bytes | None:
        """The next frame, None when the other side is gone."""
        message: Any = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        return text if text is not None else message.get("bytes", b"")

    async def each(self, take: Callable[[str | bytes], bool]) -> bool:
        """Give every frame to `take` until it says False (→ True) or the other side is gone (→ False)."""
        if self._frames is not None:
            return await self._frames.each(take)
        while (frame := await self.receive()) is not None:
            if not take(frame):
                return True
        return False

    async def close(self, code: int, reason: str) -> None:
        """Write what waits, then the close frame; gives up on a reader that takes neither."""
        self.outbox.finish()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self.outbox.written()
                await close_socket(self._socket, code, reason)
        except TimeoutError:
            return


async def close_socket(socket: WebSocket, code: int, reason: str) -> None:
    """Close unless that has happened already."""
    if WebSocketState.DISCONNECTED in (socket.application_state, socket.client_state):
        return
    try:
        await socket.close(code, reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore"))
    except (OSError, RuntimeError, WebSocketDisconnect):
        return


async def refuse(socket: WebSocket, code: int, reason: str) -> None:
    """Accept, then close: only so can a browser read the code (rule WS5)."""
    await socket.accept()
    await close_socket(socket, code, reason)
