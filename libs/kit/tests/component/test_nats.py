"""Proves N4, D3 (configuration in memory, changes within 2 s), K4, EV1 (events wait, are stored once) and K1 (recordings) on a real NATS server."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from callstage_contracts.buckets import ROUTES, route_key
from callstage_contracts.events import CallEnded, CallStarted, TurnCompleted, parse_event
from callstage_contracts.subjects import STREAM
from callstage_domain.ids import TenantId
from callstage_domain.route import NumberRoute
from callstage_kit.nats.connection import NatsConnection, connect_nats
from callstage_kit.nats.event_publisher import MAX_EVENT_BYTES, EventPublisher
from callstage_kit.nats.kv_mirror import KvMirror
from callstage_kit.recordings.store import NatsStore
from callstage_kit.tasks import in_thread
from callstage_testing.servers import free_port


def _route(number: str, target: str) -> NumberRoute:
    return NumberRoute(tenant_id=TenantId("t"), number=number, route_target=target)


async def _stored(nats: NatsConnection) -> int:
    return (await nats.jetstream.stream_info(STREAM)).state.messages


async def test_a_mirror_fills_follows_and_forgets(nats_server: str) -> None:
    async with connect_nats(nats_server, name="test") as nats:
        kv = await nats.bucket(ROUTES.name)
        await kv.put(route_key("+15550001"), _route("+15550001", "a").model_dump_json().encode())
        await kv.put("broken", b"{")
        changes: asyncio.Queue[str] = asyncio.Queue()
        async with KvMirror(nats, ROUTES) as routes:
            found = routes.get("15550001")
            assert found is not None
            assert found.route_target == "a"
            routes.on_change(lambda key, value: changes.put_nowait(f"{key}={value.route_target if value else None}"))
            await kv.put(route_key("+15550001"), _route("+15550001", "b").model_dump_json().encode())
            assert await asyncio.wait_for(changes.get(), 20) == "15550001=b"
            await kv.delete("15550001")
            assert await asyncio.wait_for(changes.get(), 20) == "15550001=None"
            assert routes.get("15550001") is None
        await kv.delete("broken")


async def test_an_event_is_stored_once_however_often_it_is_sent(nats_server: str, tmp_path: Path) -> None:
    event = CallStarted(tenant_id="t", call_id="c", session_id="s", agent_id="a", deployment=1, channel="twilio")
    async with connect_nats(nats_server, name="test") as nats:
        before = await _stored(nats)
        async with EventPublisher(nats, str(tmp_path), instance="x") as publisher:
            publisher.publish(event)
            publisher.publish(event)
        assert await _stored(nats) == before + 1
        last = await nats.jetstream.get_last_msg(STREAM, event.subject)
        assert parse_event(last.data or b"") == event


async def test_events_wait_in_the_spool_while_nats_is_away(nats_server: str, tmp_path: Path) -> None:
    event = CallEnded(tenant_id="t", call_id="c2", reason="caller_hung_up", duration_ms=5)
    async with connect_nats(nats_server, name="test") as nats:
        before = await _stored(nats)
        publisher = EventPublisher(nats, str(tmp_path), instance="x")
        publisher.publish(event)
        await publisher.__aexit__(None, None, None)
        assert (tmp_path / "events-x.jsonl").exists()
        assert await _stored(nats) == before
        async with EventPublisher(nats, str(tmp_path), instance="x"):
            pass
        assert await _stored(nats) == before + 1
        assert not (tmp_path / "events-x.jsonl").exists()


def _turns(count: int) -> list[TurnCompleted]:
    return [TurnCompleted(tenant_id="t", call_id="many", session_id="s", turn=turn, role="user", text="Hi", stage="a") for turn in range(count)]


async def _stored_turns(nats: NatsConnection, first: int) -> list[int]:
    """Turn numbers in the order of the stream, from this sequence on."""
    last = (await nats.jetstream.stream_info(STREAM)).state.last_seq
    found = [parse_event((await nats.jetstream.get_msg(STREAM, sequence)).data or b"") for sequence in range(first, last + 1)]
    return [event.turn for event in found if isinstance(event, TurnCompleted)]


async def test_events_are_stored_in_the_order_of_the_process(nats_server: str, tmp_path: Path) -> None:
    async with connect_nats(nats_server, name="test") as nats:
        first = (await nats.jetstream.stream_info(STREAM)).state.last_seq + 1
        async with EventPublisher(nats, str(tmp_path), instance="x") as publisher:
            for event in _turns(300):
                publisher.publish(event)
        assert await _stored_turns(nats, first) == list(range(300))


@contextmanager
def _nats_process(folder: Path, port: int) -> Generator[subprocess.Popen[bytes]]:
    """A server that keeps its streams in `folder` when it is started again."""
    command = [str(Path(sys.executable).parent / "nats-server"), "-js", "-sd", str(folder), "-a", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


async def _when_connected(url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection(*url.removeprefix("nats://").split(":"))
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return


@pytest.mark.blocking_allowed(5.0)
async def test_nats_restarts_in_the_middle_of_a_window(tmp_path: Path) -> None:
    port, count = free_port(), 6000
    url = f"nats://127.0.0.1:{port}"
    with _nats_process(tmp_path / "js", port) as server:
        await _when_connected(url)
        async with connect_nats(url, name="test") as nats, EventPublisher(nats, str(tmp_path), instance="x") as publisher:
            for event in _turns(count):
                publisher.publish(event)
            while (stored := await _stored(nats)) == 0:
                await asyncio.sleep(0)
            assert stored < count
            server.terminate()
            await in_thread(server.wait, 10)
            with _nats_process(tmp_path / "js", port):
                async with asyncio.timeout(30):
                    while not nats.is_up:
                        await asyncio.sleep(0.02)
                    while await _stored(nats) < count:
                        await asyncio.sleep(0.05)
                assert sorted(await _stored_turns(nats, 1)) == list(range(count))
    assert not (tmp_path / "events-x.jsonl").exists()


async def test_what_was_not_acknowledged_is_in_the_spool_after_a_shutdown(tmp_path: Path) -> None:
    port, count = free_port(), 150
    url = f"nats://127.0.0.1:{port}"
    with _nats_process(tmp_path / "js", port) as server:
        await _when_connected(url)
        async with connect_nats(url, name="test") as nats:
            async with EventPublisher(nats, str(tmp_path), instance="x") as publisher:
                server.terminate()
                await in_thread(server.wait, 10)
                for event in _turns(count):
                    publisher.publish(event)
            spooled = [json.loads(json.loads(line)[2])["turn"] for line in (tmp_path / "events-x.jsonl").read_text().splitlines()]
            # A client that is closed in the middle of a reconnection leaves its socket to the garbage collector.
            with _nats_process(tmp_path / "js", port):
                async with asyncio.timeout(20):
                    while not nats.is_up:
                        await asyncio.sleep(0.02)
    assert spooled == list(range(count))


async def test_an_event_that_nats_would_refuse_for_ever_is_put_aside(nats_server: str, tmp_path: Path) -> None:
    giant = CallEnded(tenant_id="t", call_id="giant", reason="caller_hung_up", duration_ms=5, summary="x" * (MAX_EVENT_BYTES + 1))
    small = CallEnded(tenant_id="t", call_id="small", reason="caller_hung_up", duration_ms=5)
    async with connect_nats(nats_server, name="test") as nats:
        before = await _stored(nats)
        async with EventPublisher(nats, str(tmp_path), instance="x") as publisher:
            publisher.publish(giant)
            publisher.publish(small)
        assert await _stored(nats) == before + 1
    assert "giant" in (tmp_path / "events-x.refused.jsonl").read_text()


async def test_the_store_of_recordings_lists_and_deletes_by_prefix(nats_server: str) -> None:
    async with connect_nats(nats_server, name="test") as nats:
        store = NatsStore(nats)
        assert await store.get("t1.c1.a.000000") is None
        assert await store.names("t1.c1") == []
        for name in ("t1.c1.a.000001", "t1.c1.a.000000", "t1.c1.b.000000", "t1.c10.a.000000"):
            await store.put(name, name.encode() * 1000)
        assert await store.get("t1.c1.a.000001") == b"t1.c1.a.000001" * 1000
        assert await store.names("t1.c1") == ["t1.c1.a.000000", "t1.c1.a.000001", "t1.c1.b.000000"]
        await store.delete("t1.c1.a")
        assert await store.names("t1.c1") == ["t1.c1.b.000000"]
        await store.delete("t1.c1.b.000000")
        assert await store.names("t1.c1") == []
        assert await store.names("t1.c10") == ["t1.c10.a.000000"]
