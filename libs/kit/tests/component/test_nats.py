"""Proves N4, D3 (configuration in memory, changes within 2 s) and K4, EV1 (events wait and are stored once) on a real NATS server."""

import asyncio
import time
from pathlib import Path

from callstage_contracts.buckets import ROUTES, route_key
from callstage_contracts.events import CallEnded, CallStarted, parse_event
from callstage_contracts.subjects import STREAM
from callstage_domain.ids import TenantId
from callstage_domain.route import NumberRoute
from callstage_kit.nats.connection import NatsConnection, connect_nats
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.nats.kv_mirror import KvMirror


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
            started = time.monotonic()
            await kv.put(route_key("+15550001"), _route("+15550001", "b").model_dump_json().encode())
            assert await asyncio.wait_for(changes.get(), 2) == "15550001=b"
            assert time.monotonic() - started < 2
            await kv.delete("15550001")
            assert await asyncio.wait_for(changes.get(), 2) == "15550001=None"
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
