"""Proves C2 WS5 WS7 at their root: the WebSocket of media keeps to RFC 6455 and its limits, whether frames are awaited or taken as they come."""

import asyncio
import base64
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from callstage_kit.web_server import WebServer, bound_socket
from media_gateway.legs.socket import FRAMES
from media_gateway.web.media_socket import MAX_FRAME_BYTES, MediaSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

Message = str | bytes
TEXT, BINARY, CONTINUATION = 0x1, 0x2, 0x0


class App:
    """Takes frames as they come, or awaits them one by one (`/awaited`); closes with 4001 when told so, never accepts `/refused`."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.ends: list[Any] = []
        self.sockets: list[Any] = []

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        assert (await receive())["type"] == "websocket.connect"
        if scope["path"] == "/refused":
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        self.sockets.append(scope["extensions"][FRAMES])
        if scope["path"] == "/awaited":
            await self._await(receive, send)
            return
        is_told, socket = await scope["extensions"][FRAMES].each(self._take), scope["extensions"][FRAMES]
        self.ends.append(is_told)
        if is_told:
            assert socket.write("before the end")
            await send({"type": "websocket.close", "code": 4001, "reason": "told so"})
            self.ends.append((await receive())["type"])

    def _take(self, message: Message) -> bool:
        if message == "break":
            raise RuntimeError("broken by order")
        if message != "end":
            self.heard.append(message)
        return message != "end"

    async def _await(self, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        while (event := await receive())["type"] == "websocket.receive":
            text = event.get("text")
            self.heard.append(event["bytes"] if text is None else text)
            await send({"type": "websocket.send", "text": "ok"})
        self.ends.append(event["code"])


@pytest.fixture
def app() -> App:
    return App()


@asynccontextmanager
async def serving(app: App) -> AsyncGenerator[str]:
    sock = bound_socket("127.0.0.1", 0)
    async with WebServer(app, sock, sockets=MediaSocket) as server:
        yield f"ws://127.0.0.1:{server.port}"


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.005)


async def closed(client: ClientConnection) -> tuple[int, str]:
    try:
        async with asyncio.timeout(15):
            while True:
                await client.recv()
    except ConnectionClosed as ended:
        return (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd is not None else (1006, "")


@asynccontextmanager
async def raw(url: str) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A socket after the handshake, for frames that no library would write."""
    host, _, port = url.removeprefix("ws://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET / HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader, writer
    finally:
        writer.close()


def frame(opcode: int, payload: bytes, *, fin: bool = True, is_masked: bool = True) -> bytes:
    size = len(payload)
    length = bytes([size | 0x80 * is_masked]) if size < 126 else bytes([126 | 0x80 * is_masked]) + size.to_bytes(2, "big")
    return bytes([opcode | 0x80 * fin]) + length + (bytes(4) if is_masked else b"") + payload


async def close_code(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(15):
        head = await reader.readexactly(2)
        assert head[0] == 0x88
        return int.from_bytes((await reader.readexactly(head[1]))[:2], "big")


@pytest.mark.parametrize("path", ["/", "/awaited"])
async def test_texts_and_bytes_of_any_size_arrive_in_order(app: App, path: str) -> None:
    sent: list[Message] = ["grüße", b"\x00\xff", "x" * 70_000, b"y" * 130, *(str(number) for number in range(200))]
    async with serving(app) as url, connect(url + path, compression=None) as client:
        for message in sent:
            await client.send(message)
        await until(lambda: len(app.heard) == len(sent))
        assert app.heard == sent


async def test_a_message_in_pieces_is_one_message(app: App) -> None:
    async with serving(app) as url, connect(url) as client:
        await client.send(["one ", "mess", "age"])
        await client.send([b"a", b"b"])
        await until(lambda: len(app.heard) == 2)
        assert app.heard == ["one message", b"ab"]


async def test_a_ping_between_the_pieces_is_answered(app: App) -> None:
    async with serving(app) as url, raw(url) as (reader, writer):
        writer.write(frame(TEXT, b"he", fin=False) + frame(0x9, b"?") + frame(CONTINUATION, b"y"))
        assert await reader.readexactly(3) == b"\x8a\x01?"
        await until(lambda: app.heard)
        assert app.heard == ["hey"]


async def test_the_app_ends_it_with_its_own_code_after_what_it_wrote(app: App) -> None:
    async with serving(app) as url, connect(url) as client:
        await client.send("end")
        assert await client.recv() == "before the end"
        assert await closed(client) == (4001, "told so")
        await until(lambda: len(app.ends) == 2)
        assert app.ends == [True, "websocket.disconnect"]


@pytest.mark.parametrize("path", ["/", "/awaited"])
async def test_the_client_leaves(app: App, path: str) -> None:
    async with serving(app) as url:
        async with connect(url + path) as client:
            await client.close(4321, "bye")
        await until(lambda: app.ends)
        assert app.ends == [False] if path == "/" else [4321]
        assert not app.sockets[0].write("too late")


async def test_a_line_that_breaks_ends_the_reading(app: App) -> None:
    async with serving(app) as url, connect(url) as client:
        await client.send("hello")
        await until(lambda: app.heard)
        client.transport.abort()
        await until(lambda: app.ends)
        assert app.ends == [False]


async def test_whoever_takes_frames_may_fail(app: App, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(app) as url, connect(url) as client:
        await client.send("break")
        assert (await closed(client))[0] == 1006
    assert not app.ends


@pytest.mark.parametrize(
    ("name", "bad", "code"),
    [
        ("text that is not UTF-8", frame(TEXT, b"\xff\xfe"), 1007),
        ("text in pieces that is not UTF-8", frame(TEXT, b"\xff", fin=False) + frame(CONTINUATION, b"\xfe"), 1007),
        ("a frame without a mask", frame(TEXT, b"hello", is_masked=False), 1002),
        ("a frame that says it is too large", bytes([0x82, 0xFF]) + (MAX_FRAME_BYTES + 1).to_bytes(8, "big") + bytes(4), 1009),
        ("a continuation of nothing", frame(CONTINUATION, b"x"), 1002),
        ("an unknown kind of frame", frame(0x3, b"x"), 1002),
        ("another message in the middle of one", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    ],
)
async def test_what_breaks_the_protocol_is_closed_with_its_code(app: App, name: str, bad: bytes, code: int) -> None:
    async with serving(app) as url, raw(url) as (reader, writer):
        writer.write(bad)
        assert await close_code(reader) == code, name
    assert not app.heard


async def test_a_message_that_grows_too_large_in_pieces_is_refused(app: App) -> None:
    async with serving(app) as url, raw(url) as (reader, writer):
        piece = bytes(60_000)
        writer.write(frame(BINARY, piece, fin=False) + frame(CONTINUATION, piece, fin=False) * (MAX_FRAME_BYTES // 60_000))
        assert await close_code(reader) == 1009
    assert not app.heard


async def test_the_app_may_refuse_before_it_accepts(app: App) -> None:
    async with serving(app) as url:
        with pytest.raises(InvalidStatus) as refused:
            await connect(url + "/refused")
        assert refused.value.response.status_code == 403


async def test_a_server_that_ends_says_so(app: App) -> None:
    async with serving(app) as url:
        client = await connect(url)
        await client.send("hello")
        await until(lambda: app.heard)
    assert (await closed(client))[0] == 1012
    assert app.ends == [False]


async def test_a_reader_that_takes_nothing_is_not_written_to_without_end(app: App) -> None:
    async with serving(app) as url, raw(url):
        await until(lambda: app.sockets)
        written = 0
        while app.sockets[0].write(bytes(64 << 10)):
            written += 64 << 10
            assert written < 64 << 20
            await asyncio.sleep(0)
        assert not app.ends
