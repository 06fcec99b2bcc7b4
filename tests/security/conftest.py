"""tool-sandbox in this process with tight limits, and a backend that records what reaches it."""

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from callstage_contracts.buckets import BackendConnection, TenantRecord, agent_key, backend_aad, deployment_key
from callstage_contracts.pb.common.v1 import common_pb2
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition
from callstage_domain.ids import AgentId, TenantId
from callstage_testing.fakes.odoo import FakeOdoo
from pydantic import SecretStr
from pydantic_monty import AsyncMonty
from tool_sandbox.execution.tools import ToolRunner
from tool_sandbox.rpc.tool_servicer import ToolServicer
from tool_sandbox.settings import SandboxSettings
from tool_sandbox.wiring import build_servicer

TENANT, AGENT = TenantId("t1"), AgentId("a1")
ATTACKER = TenantId("t2")
BACKEND_SECRET = "backend-secret-4711"


@dataclass
class Target:
    """The service under attack."""

    servicer: ToolServicer
    runner: ToolRunner
    configuration: Any
    settings: SandboxSettings
    odoo: FakeOdoo
    count: int = 0

    async def run(self, code: str, *, tenant: TenantId = TENANT, **more: Any) -> sandbox_pb2.RunToolReply:
        self.count += 1
        deployment = self.count
        key = deployment_key(tenant, AGENT, deployment)
        self.configuration.snapshots[key] = AgentSnapshot(
            tenant_id=tenant,
            agent_id=AGENT,
            deployment=deployment,
            settings=AgentSettings(display_name="Target"),
            stages=(Stage(name="main"),),
            first_stage="main",
            tools={"tool": ToolDefinition(name="tool", kind=more.pop("kind", "code"), code=code)},
            tools_webhook_url=more.pop("webhook_url", None),
        )
        request = sandbox_pb2.RunToolRequest(
            context=common_pb2.CallContext(call_id="c", tenant_id=tenant, agent_id=AGENT, deployment=deployment),
            tool="tool",
            run_key=f"call:{uuid.uuid4()}",
            args_json=json.dumps({"n": 1}),
            session_json="{}",
        )
        try:
            return await self.servicer.RunTool(request, cast(Any, None))
        finally:
            del self.configuration.snapshots[key]


@pytest.fixture(scope="session", autouse=True)
def worker_library() -> None:
    """The worker library opens a pair of sockets for the life of the process; that is no leak of a test."""

    async def once() -> None:
        async with AsyncMonty(min_processes=1, max_processes=1):
            pass
        await asyncio.sleep(0.03)

    asyncio.run(once())


@pytest.fixture
def workers_max() -> int:
    """Of the target's pool."""
    return 4


@pytest.fixture
async def target(redis_server: str, workers_max: int) -> AsyncIterator[Target]:
    settings = SandboxSettings(
        master_keys=SecretStr("k1:" + base64.b64encode(b"0" * 32).decode()),
        redis_url=redis_server,
        egress_allow="127.0.0.1/32",
        sandbox_workers_min=1,
        sandbox_workers_max=workers_max,
        tool_timeout_s=2.0,
        tool_cpu_s=1.0,
    )
    async with FakeOdoo(password=BACKEND_SECRET, version="17.0") as odoo:
        odoo.seed("res.partner", [{"name": "Ann"}])
        backends = {
            agent_key(tenant, AGENT): BackendConnection(
                tenant_id=tenant,
                agent_id=AGENT,
                kind="odoo",
                url=odoo.url,
                database=odoo.db,
                login=odoo.login,
                secret_sealed=settings.secret_box.seal(BACKEND_SECRET, backend_aad(tenant, AGENT)),
            )
            for tenant in (TENANT, ATTACKER)
        }
        snapshots: dict[str, AgentSnapshot] = {}
        configuration = SimpleNamespace(
            snapshots=snapshots,
            deployment=snapshots.get,
            backend=backends.get,
            tenant={tenant: TenantRecord(tenant_id=tenant, name="t") for tenant in (TENANT, ATTACKER)}.get,
        )
        async with build_servicer(settings, cast(Any, configuration)) as (servicer, runner):
            yield Target(servicer, runner, configuration, settings, odoo)
