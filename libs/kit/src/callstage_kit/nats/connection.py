"""One NATS connection per process, and the streams and buckets that must exist."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import nats
import structlog
from callstage_contracts.buckets import ALL_BUCKETS
from callstage_contracts.subjects import DEDUPLICATION_WINDOW_S, STREAM, STREAM_SUBJECTS
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, KeyValueConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError
from nats.js.kv import KeyValue

_log = structlog.get_logger(__name__)
_MAX_EVENT_AGE_S = 14 * 24 * 3600


class NatsConnection:
    """The connection, with what callers need: JetStream, buckets, whether it is up."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=3)

    @property
    def is_up(self) -> bool:
        """False while the server is away; publishing then waits or fails, watching goes on after the return."""
        return self.client.is_connected

    async def bucket(self, name: str) -> KeyValue:
        """A KV bucket, made when it is not there yet."""
        try:
            return await self.jetstream.key_value(name)
        except NotFoundError:
            return await self.jetstream.create_key_value(KeyValueConfig(bucket=name, history=1, storage=StorageType.FILE))

    async def ensure_streams(self) -> None:
        """Make the event stream and all configuration buckets. Safe to repeat and to run from several services at once."""
        config = StreamConfig(
            name=STREAM,
            subjects=list(STREAM_SUBJECTS),
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.OLD,
            storage=StorageType.FILE,
            max_age=_MAX_EVENT_AGE_S,
            duplicate_window=DEDUPLICATION_WINDOW_S,
        )
        try:
            await self.jetstream.stream_info(STREAM)
        except NotFoundError:
            await self.jetstream.add_stream(config)
        for bucket in ALL_BUCKETS:
            await self.bucket(bucket.name)


@asynccontextmanager
async def connect_nats(url: str, *, name: str, connect_timeout_s: int = 3) -> AsyncGenerator[NatsConnection]:
    """Connected while entered; reconnects for ever. Stop KV mirrors and consumers before leaving (enter them later)."""

    async def on_error(error: Exception) -> None:
        _log.warning("nats_error", error=str(error))

    is_leaving = False

    async def on_disconnect() -> None:
        if not is_leaving:
            _log.warning("nats_disconnected")

    async def on_reconnect() -> None:
        _log.info("nats_reconnected")

    client = await nats.connect(
        url,
        name=name,
        connect_timeout=connect_timeout_s,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,
        error_cb=on_error,
        disconnected_cb=on_disconnect,
        reconnected_cb=on_reconnect,
    )
    connection = NatsConnection(client)
    try:
        await connection.ensure_streams()
        yield connection
    finally:
        is_leaving = True
        await client.close()
