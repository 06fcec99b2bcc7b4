"""Proves T7: outbound requests refuse internal addresses in every spelling, pin DNS, never follow redirects, and are bounded."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from callstage_domain.errors import DependencyError
from callstage_kit.egress import CheckedTransport, EgressClient
from callstage_kit.egress_policy import EgressPolicy, EgressRefused

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

INTERNAL = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0:8080/",
    "http://127.0.0.1./",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://10.0.0.1/",
    "http://172.16.5.4/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://198.18.0.1/",
    "http://240.0.0.1/",
    "http://good.example@127.0.0.1/",
    "http://user:pw@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/",
    "http:///nohost",
    "not a url",
    "",
]


@pytest.mark.parametrize("url", INTERNAL)
async def test_internal_and_malformed_addresses_are_refused_before_anything_is_sent(url: str) -> None:
    async with EgressClient(EgressPolicy()) as client:
        with pytest.raises(EgressRefused):
            await client.send("GET", url, timeout_s=1)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_pass(address: str) -> None:
    EgressPolicy().check_address("example.com", ipaddress.ip_address(address))


def test_metadata_stays_refused_under_a_wide_allow_list_unless_listed_itself() -> None:
    metadata = ipaddress.ip_address("169.254.169.254")
    with pytest.raises(EgressRefused):
        EgressPolicy(["169.254.0.0/16", "0.0.0.0/0", "metadata.example"]).check_address("metadata.example", metadata)
    EgressPolicy(["169.254.169.254"]).check_address("x", metadata)
    EgressPolicy(["169.254.169.254"]).check_address("x", ipaddress.ip_address("::ffff:169.254.169.254"))


def test_allow_list_takes_networks_and_hosts_and_names_a_broken_entry() -> None:
    policy = EgressPolicy.from_setting(" 10.1.0.0/16, odoo.internal. ,")
    policy.check_address("a", ipaddress.ip_address("10.1.2.3"))
    policy.check_address("ODOO.internal", ipaddress.ip_address("192.168.0.9"))
    with pytest.raises(EgressRefused):
        policy.check_address("a", ipaddress.ip_address("10.2.0.1"))
    with pytest.raises(ValueError, match=r"10\.0\.0/99"):
        EgressPolicy(["10.0.0/99"])


@asynccontextmanager
async def _serve(handler: Handler) -> AsyncGenerator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def _answer(text: bytes) -> Handler:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return handler


async def test_a_name_that_resolves_inwards_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolve_to(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    async with EgressClient(EgressPolicy()) as client:
        with pytest.raises(EgressRefused, match="internal"):
            await client.send("GET", "http://rebind.example/", timeout_s=1)


async def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()

    lookups = _resolve_to(monkeypatch, ["127.0.0.1"])
    async with _serve(handler) as port, EgressClient(EgressPolicy(["pinned.example"])) as client:
        answer = await client.send("GET", f"http://pinned.example:{port}/", timeout_s=2)
    assert (answer.status, answer.body) == (200, b"ok")
    assert lookups == ["pinned.example"]


async def test_redirects_come_back_unfollowed() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
    async with _serve(_answer(redirect)) as port, EgressClient(EgressPolicy(["127.0.0.1"])) as client:
        answer = await client.send("GET", f"http://127.0.0.1:{port}/", timeout_s=2)
    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/")


async def test_size_and_time_are_bounded() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _number in range(200):
            writer.write(b"x" * 10)
            await writer.drain()
            await asyncio.sleep(0.02)

    big = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000
    async with _serve(_answer(big)) as big_port, _serve(drip) as drip_port, EgressClient(EgressPolicy(["127.0.0.1"])) as client:
        with pytest.raises(DependencyError) as too_large:
            await client.send("GET", f"http://127.0.0.1:{big_port}/", timeout_s=2, max_response_bytes=4000)
        with pytest.raises(DependencyError) as too_slow:
            await client.send("GET", f"http://127.0.0.1:{drip_port}/", timeout_s=0.2)
    assert too_large.value.code == "response_too_large"
    assert too_slow.value.phase == "stream"


async def test_encoded_answers_are_refused() -> None:
    bomb = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"
    async with _serve(_answer(bomb)) as port, EgressClient(EgressPolicy(["127.0.0.1"])) as client:
        with pytest.raises(DependencyError, match="encoded"):
            await client.send("GET", f"http://127.0.0.1:{port}/", timeout_s=2)


async def test_a_refused_connection_says_that_nothing_was_sent() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        async with EgressClient(EgressPolicy(["127.0.0.1"])) as client:
            with pytest.raises(DependencyError) as refused:
                await client.send("POST", f"http://127.0.0.1:{port}/", body=b"x", timeout_s=2)
    assert (refused.value.phase, refused.value.retryable) == ("connect", True)


async def test_a_lost_answer_says_that_the_request_may_have_been_processed() -> None:
    async with _serve(_answer(b"")) as port, EgressClient(EgressPolicy(["127.0.0.1"])) as client:
        with pytest.raises(DependencyError) as lost:
            await client.send("POST", f"http://127.0.0.1:{port}/", body=b"x", timeout_s=2)
    assert (lost.value.phase, lost.value.retryable) == ("first_byte", False)


async def test_the_transport_checks_under_a_client_that_follows_redirects() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nlocation: http://[::1]/\r\ncontent-length: 0\r\n\r\n"
    async with _serve(_answer(redirect)) as port:
        async with httpx2.AsyncClient(transport=CheckedTransport(EgressPolicy(["127.0.0.1"])), follow_redirects=True) as client:
            with pytest.raises(EgressRefused):
                await client.get(f"http://127.0.0.1:{port}/")


def _resolve_to(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> list[str]:
    lookups: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    return lookups
