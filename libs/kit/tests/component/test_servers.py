"""Proves MT2: /healthz, /readyz, /metrics and gRPC health; readiness goes false before the drain."""

from typing import Any

import grpc
import httpx2
from callstage_kit.admin import serve_admin
from callstage_kit.grpc.channel import open_channel
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from grpc_health.v1 import health_pb2, health_pb2_grpc


async def test_admin_port_tells_liveness_readiness_and_metrics() -> None:
    health = Health()
    is_up = True
    health.add("nats", lambda: is_up)
    async with serve_admin(health, "127.0.0.1", 0) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).json() == {"ready": True, "checks": {"nats": True, "not_draining": True}}
        is_up = False
        assert (await client.get("/readyz")).status_code == 503
        is_up = True
        health.drain()
        assert (await client.get("/readyz")).json()["checks"]["not_draining"] is False
        assert "callstage_active_calls" in (await client.get("/metrics")).text


async def test_grpc_health_follows_the_drain() -> None:
    health = Health()

    def register(_: grpc.aio.Server) -> None:
        return

    async with serve_grpc(register, health, "127.0.0.1", 0, stop_grace_s=0.1) as port, open_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        assert (await stub.Check(health_pb2.HealthCheckRequest(), timeout=20)).status == health_pb2.HealthCheckResponse.SERVING
        watch = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        health.drain()
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
