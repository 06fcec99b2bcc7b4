"""Proves D3 N4 T5: the process as it is deployed reads its configuration from NATS, serves, drains; its workers have few rights."""

import asyncio
import base64
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from callstage_contracts.buckets import DEPLOYMENTS, deployment_key
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2_grpc
from callstage_contracts.redis_keys import ledger
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.grpc.channel import open_channel
from callstage_kit.nats.connection import connect_nats
from callstage_kit.redis.connection import connect_redis
from tool_sandbox.execution.limits import RunLimits
from tool_sandbox.execution.pool import WorkerPool

pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own


@pytest.fixture
async def process(nats_server: str, redis_server: str) -> AsyncIterator[tuple[Any, int]]:
    """A running service and its gRPC port."""
    environment = {
        **os.environ,
        "CALLSTAGE_NATS_URL": nats_server,
        "CALLSTAGE_REDIS_URL": redis_server,
        "CALLSTAGE_GRPC_PORT": "0",
        "CALLSTAGE_MASTER_KEYS": "k1:" + base64.b64encode(b"0" * 32).decode(),
    }
    service = await asyncio.create_subprocess_exec(sys.executable, "-m", "tool_sandbox", env=environment, stderr=asyncio.subprocess.PIPE)
    assert service.stderr is not None
    try:
        async with asyncio.timeout(30):
            while True:
                line = (await service.stderr.readline()).decode()
                assert line, "the service ended before it served"
                found = re.search(r'"port": (\d+).*"event": "tools_served"|"event": "tools_served".*"port": (\d+)', line)
                if found:
                    break
        yield service, int(found.group(1) or found.group(2))
    finally:
        if service.returncode is None:
            service.kill()
        await service.communicate()


async def test_it_serves_what_is_deployed_and_stops_cleanly(process: tuple[Any, int], nats_server: str, redis_server: str) -> None:
    service, port = process
    snapshot = AgentSnapshot(
        tenant_id=TenantId("t1"),
        agent_id=AgentId("a1"),
        deployment=3,
        settings=AgentSettings(display_name="x"),
        stages=(Stage(name="main"),),
        first_stage="main",
        tools={"tool": ToolDefinition(name="tool", kind="code", code="import asyncio\nawait asyncio.sleep(args['s'])\nreturn {'a': 1}")},
    )
    request = pb.RunToolRequest(tool="tool", run_key="p:1", args_json='{"s": 0}')
    request.context.tenant_id, request.context.agent_id, request.context.deployment = "t1", "a1", 3
    async with connect_nats(nats_server, name="test") as nats, open_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = sandbox_pb2_grpc.ToolServiceStub(channel)
        kv = await nats.bucket(DEPLOYMENTS.name)
        await kv.put(deployment_key("t1", "a1", 3), snapshot.model_dump_json().encode())
        async with asyncio.timeout(20):
            while (reply := await stub.RunTool(request)).error_code == "unknown_tool":
                await asyncio.sleep(0.02)
        assert reply.result_json == '{"a":1}'
        request.run_key, request.args_json = "p:2", '{"s": 0.5}'
        running = stub.RunTool(request)
        async with asyncio.timeout(20), connect_redis(redis_server) as redis:
            while not await redis.exists(ledger("t1", "p:2")):
                await asyncio.sleep(0.01)
        service.send_signal(signal.SIGTERM)
        assert (await running).result_json == '{"a":1}'
    async with asyncio.timeout(15):
        await service.communicate()
    assert service.returncode == 0


async def test_workers_have_few_rights() -> None:
    if not os.path.exists("/proc/self/status"):
        pytest.skip("needs Linux")
    async with WorkerPool(min_workers=1, max_workers=1, wait_s=2, runs_per_worker=10, cpu_s=1) as pool:
        async with pool.session(RunLimits(), clock=datetime.now(UTC), seed="k") as session:
            pid = session.worker_pid
            with open(f"/proc/{pid}/status") as status, open(f"/proc/{pid}/environ") as environment, open(f"/proc/{pid}/limits") as limits:
                assert "NoNewPrivs:\t1" in status.read()
                assert environment.read() == ""
                assert re.search(r"Max core file size\s+0\s+0", limits.read())
