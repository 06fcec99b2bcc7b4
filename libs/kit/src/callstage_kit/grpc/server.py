"""A grpc.aio server with health, bounded messages and our keepalive."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from callstage_kit.health import Health
from callstage_kit.tasks import TaskScope

MAX_MESSAGE_BYTES = 4 << 20
OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    # It is this one that the transport obeys (gRPC 1.85); its default is a minute.
    ("grpc.http2.ping_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # A server that counts its clients' keepalive pings as an attack would cut every idle link after a minute.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
)
LINK_OPTIONS = (
    *(option for option in OPTIONS if not option[0].startswith(("grpc.keepalive_t", "grpc.http2.ping_timeout"))),
    # Calls wait for nothing but this when a peer is frozen or cut off without a word: found out within three seconds.
    ("grpc.keepalive_time_ms", 1_000),
    ("grpc.keepalive_timeout_ms", 2_000),
    ("grpc.http2.ping_timeout_ms", 2_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.enable_retries", 0),
)
"""Of the client's end of a stream that carries live calls."""


@asynccontextmanager
async def serve_grpc(
    register: Callable[[grpc.aio.Server], None],
    readiness: Health,
    host: str,
    port: int,
    *,
    stop_grace_s: float = 2.0,
) -> AsyncGenerator[int]:
    """Serve while entered; yields the port really taken. Its health service goes NOT_SERVING when the process drains."""
    server = grpc.aio.server(options=OPTIONS)
    register(server)
    servicer = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]  # the stubs lack it
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    scope = TaskScope("grpc_server")
    taken = server.add_insecure_port(f"{host}:{port}")
    await server.start()
    await servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    draining = False

    async def mark() -> None:
        await servicer.enter_graceful_shutdown()

    def on_drain() -> None:
        nonlocal draining
        draining = True
        scope.start(mark(), name="mark_draining")

    readiness.on_drain(on_drain)
    try:
        yield taken
    finally:
        if not draining:
            await mark()
        await server.stop(stop_grace_s)
        await scope.close()
