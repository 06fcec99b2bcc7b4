"""Proves T7 (no second reading of an address) and the error table of the shared HTTP transport, over real sockets."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from callstage_kit.http_transport import AiohttpTransport, address_of, limits_of

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk) -> AsyncGenerator[int]:
    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def client(*, read_s: float = 5.0) -> AsyncGenerator[tuple[httpx2.AsyncClient, AiohttpTransport]]:
    transport = AiohttpTransport(connections=4, keepalive_s=10)
    async with httpx2.AsyncClient(transport=transport, timeout=httpx2.Timeout(5.0, read=read_s)) as http:
        yield http, transport


async def always_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(OK)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://api.example.com/v1/x%2Fy?a=1&b=%20c", "https://api.example.com/v1/x%2Fy?a=1&b=%20c"),
        ("http://[2001:db8::1]:8443/p", "http://[2001:db8::1]:8443/p"),
        ("http://evil.example\\@127.0.0.1/", "http://127.0.0.1/"),
    ],
)
def test_the_address_is_built_from_what_was_checked(text: str, expected: str) -> None:
    checked = httpx2.URL(text)
    built = address_of(checked)
    assert (str(built), built.host) == (expected, checked.host)


async def test_an_answer_that_was_read_keeps_its_connection_and_one_that_was_not_drops_it() -> None:
    async with serving(always_ok) as port, client() as (http, transport):
        for _ in range(3):
            assert (await http.get(f"http://127.0.0.1:{port}/")).text == "ok"
        assert transport.kept_connections == 1

    async def unfinished(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
        await reader.read()
        writer.close()

    async with serving(unfinished) as port, client() as (http, transport):
        async with http.stream("GET", f"http://127.0.0.1:{port}/") as response:
            assert response.status_code == 200
        assert transport.kept_connections == 0


async def test_an_exchange_sends_what_it_was_given_and_keeps_its_connection() -> None:
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                asked.append(head + await reader.readexactly(4))
                writer.write(b"HTTP/1.1 201 Created\r\nX-One: a\r\nx-one: b\r\nX-Odd: \xe4\r\ncontent-length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with serving(talk) as port, client() as (_, transport):
        for _ in range(2):
            answer = await transport.exchange("POST", f"http://127.0.0.1:{port}/a?b=%20c", {"X-Key": "k"}, b"body", limits_of(1, 1, 1))
            assert (answer.status, answer.is_packed, answer.headers()["x-one"], answer.headers()["x-odd"]) == (201, False, "a, b", "ä")
            assert [await answer.read(), await answer.read()] == [b"ok", b""]
            await answer.aclose()
        assert transport.kept_connections == 1
    lines = asked[0].split(b"\r\n")
    assert (lines[0], lines[-1]) == (b"POST /a?b=%20c HTTP/1.1", b"body")
    assert sorted(line.split(b":")[0].lower() for line in lines[1:-2]) == [b"content-length", b"host", b"x-key"]


async def test_an_exchange_fails_as_a_request_does() -> None:
    async def packed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\n\r\nhalf")
        await reader.read()
        writer.close()

    async with serving(packed) as port, client() as (_, transport):
        answer = await transport.exchange("GET", f"http://127.0.0.1:{port}/", {}, b"", limits_of(1, 1, 0.05))
        assert answer.is_packed
        assert await answer.read() == b"half"
        with pytest.raises(httpx2.ReadTimeout):
            await answer.read()
        await answer.aclose()
        assert transport.kept_connections == 0
    async with client() as (_, transport):
        with pytest.raises(httpx2.ConnectError):
            await transport.exchange("GET", f"http://127.0.0.1:{port}/", {}, b"", limits_of(1, 1, 1))
    async with serving(always_ok) as port, client() as (_, transport):
        with pytest.raises(httpx2.LocalProtocolError):
            await transport.exchange("GET", f"http://127.0.0.1:{port}/", {"X-Bad": "a\r\nX-Other: b"}, b"", limits_of(1, 1, 1))


async def test_nobody_listens() -> None:
    async with serving(always_ok) as port:
        pass
    async with client() as (http, _):
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"http://127.0.0.1:{port}/")


async def test_no_answer_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with serving(silent) as port, client(read_s=0.05) as (http, _):
        with pytest.raises(httpx2.ReadTimeout):
            await http.post(f"http://127.0.0.1:{port}/", json={"a": 1})


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0 nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"])
async def test_an_answer_that_is_none_or_half(answer: bytes) -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with serving(broken) as port, client() as (http, _):
        with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
            await http.post(f"http://127.0.0.1:{port}/", content=b"")


async def test_a_header_cannot_smuggle_a_second_one() -> None:
    heard: list[bytes] = []

    async def listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))
        writer.close()

    async with serving(listening) as port, client() as (http, _):
        with pytest.raises(httpx2.TransportError):
            await http.get(f"http://127.0.0.1:{port}/", headers={"x-note": "one\r\nx-admin: yes"})
    assert b"x-admin" not in b"".join(heard)


async def test_header_names_keep_their_spelling_and_bodies_their_length() -> None:
    heard: list[bytes] = []

    async def listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(5))
        writer.write(OK)
        writer.close()

    async with serving(listening) as port, client() as (http, _):
        assert (await http.post(f"http://127.0.0.1:{port}/v1?q=a%20b", content=b"hello", headers={"X-Callstage-Signature": "s"})).text == "ok"
    request = heard[0]
    assert request.startswith(b"POST /v1?q=a%20b HTTP/1.1\r\n")
    assert b"\r\nX-Callstage-Signature: s\r\n" in request
    assert request.lower().count(b"content-length: 5\r\n") == 1
    assert request.lower().count(b"\r\nhost: ") == 1
    assert request.endswith(b"hello")
