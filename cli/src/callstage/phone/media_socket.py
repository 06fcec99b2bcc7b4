"""The media WebSocket of this phone."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from callstage_domain.errors import DependencyError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

OPEN_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 1.0
_CLOSE_TIMEOUT_S = 1.0
# One sentence of MP3 or some seconds of audio in one message are normal.
_MAX_MESSAGE_BYTES = 16 * 1024 * 1024


@asynccontextmanager
async def media_socket(url: str, headers: Mapping[str, str] | None = None) -> AsyncGenerator[ClientConnection]:
    """An open socket, closed at the end of the block. Raises DependencyError when it cannot be opened."""
    opening = connect(
        url,
        additional_headers=headers,
        open_timeout=OPEN_TIMEOUT_S,
        close_timeout=_CLOSE_TIMEOUT_S,
        max_size=_MAX_MESSAGE_BYTES,
        compression=None,
        proxy=None,
    )
    try:
        socket = await opening
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as err:
        raise DependencyError(f"the media socket was not opened: {err or type(err).__name__}", vendor="media-gateway") from err
    try:
        yield socket
    finally:
        await socket.close()


async def send_all(socket: ClientConnection, messages: list[str | bytes]) -> None:
    """In order. A socket that is closing or does not take them within a second loses them, as a carrier's does."""
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            for message in messages:
                await socket.send(message)
    except (ConnectionClosed, TimeoutError):
        # The reader of the socket sees the same end and says so.
        return
