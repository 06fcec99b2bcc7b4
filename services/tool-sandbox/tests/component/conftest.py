"""tool-sandbox in one process: real workers, real Redis, a fake Odoo and a fake webhook receiver."""

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import pytest
from callstage_contracts.buckets import (
    BackendConnection,
    IntegrationRecord,
    TenantRecord,
    WebhookKey,
    agent_key,
    backend_aad,
    deployment_key,
    webhook_key_aad,
)
from callstage_contracts.pb.common.v1 import common_pb2
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.grpc.channel import open_channel
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from callstage_testing.fakes.crm import FakeCrm
from callstage_testing.fakes.odoo import FakeOdoo
from pydantic import SecretStr
from pydantic_monty import AsyncMonty
from tool_sandbox.execution.tools import ToolRunner
from tool_sandbox.rpc.tool_servicer import ToolServicer
from tool_sandbox.settings import SandboxSettings
from tool_sandbox.wiring import build_servicer

WEBHOOK_KEY = "csk_live_abcdefgh12345678"
ODOO_KEY = "odoo-key-4711"


@dataclass
class FakeConfiguration:
    """The KV mirrors, by hand."""

    deployments: dict[str, AgentSnapshot] = field(default_factory=dict[str, AgentSnapshot])
    backends: dict[str, BackendConnection] = field(default_factory=dict[str, BackendConnection])
    tenants: dict[str, TenantRecord] = field(default_factory=dict[str, TenantRecord])
    integrations: dict[str, IntegrationRecord] = field(default_factory=dict[str, IntegrationRecord])

    def deployment(self, key: str) -> AgentSnapshot | None:
        return self.deployments.get(key)

    def backend(self, key: str) -> BackendConnection | None:
        return self.backends.get(key)

    def integration(self, key: str) -> IntegrationRecord | None:
        return self.integrations.get(key)

    def tenant(self, tenant_id: str) -> TenantRecord | None:
        return self.tenants.get(tenant_id)


@dataclass
class Sandbox:
    """The servicer with ways to deploy tools and to call them."""

    servicer: ToolServicer
    runner: ToolRunner
    settings: SandboxSettings
    configuration: FakeConfiguration

    def deploy(self, *tools: ToolDefinition, webhook_url: str | None = None, tenant_id: str = "t1", agent_id: str = "a1") -> None:
        self.configuration.deployments[deployment_key(tenant_id, agent_id, 1)] = AgentSnapshot(
            tenant_id=TenantId(tenant_id),
            agent_id=AgentId(agent_id),
            deployment=1,
            settings=AgentSettings(display_name="Test"),
            stages=(Stage(name="main"),),
            first_stage="main",
            tools={tool.name: tool for tool in tools},
            tools_webhook_url=webhook_url,
        )
        self.configuration.tenants[tenant_id] = TenantRecord(
            tenant_id=TenantId(tenant_id),
            name="Test",
            webhook_keys=(WebhookKey(key_id="k1", key_sealed=self.settings.secret_box.seal(WEBHOOK_KEY, webhook_key_aad(tenant_id))),),
            country="BE",
        )

    def code(self, code: str, **more: Any) -> None:
        """Deploy one code tool named `tool`."""
        self.deploy(ToolDefinition(name="tool", kind="code", code=code, **more))

    def connect(self, odoo: FakeOdoo, *, tenant_id: str = "t1", agent_id: str = "a1", secret: str | None = None) -> BackendConnection:
        connection = BackendConnection(
            tenant_id=TenantId(tenant_id),
            agent_id=AgentId(agent_id),
            kind="odoo",
            url=odoo.url,
            database=odoo.db,
            login=odoo.login,
            secret_sealed=self.settings.secret_box.seal(secret or odoo.password, backend_aad(tenant_id, agent_id)),
        )
        self.configuration.backends[agent_key(tenant_id, agent_id)] = connection
        return connection

    async def run(
        self, args: dict[str, Any] | None = None, *, tool: str = "tool", key: str = "", session: dict[str, Any] | None = None, **more: Any
    ) -> sandbox_pb2.RunToolReply:
        request = sandbox_pb2.RunToolRequest(
            context=common_pb2.CallContext(call_id="call-1", tenant_id=more.pop("tenant_id", "t1"), agent_id="a1", deployment=1),
            tool=tool,
            run_key=key or f"call-1:{uuid.uuid4()}",
            args_json=json.dumps(args or {}),
            session_json=json.dumps(session or {}),
            **more,
        )
        return await self.servicer.RunTool(request, cast(Any, None))


def sandbox_settings(redis_url: str, **more: Any) -> SandboxSettings:
    return SandboxSettings(
        master_keys=SecretStr("k1:" + base64.b64encode(b"0" * 32).decode()),
        redis_url=redis_url,
        egress_allow="127.0.0.1",
        sandbox_workers_min=2,
        sandbox_workers_max=16,
        # A machine that stands still for a moment must not look like a process that died, or a Redis that is away.
        ledger_lease_s=5.0,
        ledger_timeout_s=15.0,
        **more,
    )


@pytest.fixture(scope="session", autouse=True)
def worker_library() -> None:
    """The worker library opens a pair of sockets for the life of the process; that is no leak of a test."""

    async def once() -> None:
        async with AsyncMonty(min_processes=1, max_processes=1):
            pass
        await asyncio.sleep(0.03)

    asyncio.run(once())


@pytest.fixture
async def sandbox(redis_server: str) -> AsyncIterator[Sandbox]:
    settings = sandbox_settings(redis_server)
    configuration = FakeConfiguration()
    async with build_servicer(settings, configuration) as (servicer, runner):
        yield Sandbox(servicer, runner, settings, configuration)


@pytest.fixture
async def second_sandbox(redis_server: str, sandbox: Sandbox) -> AsyncIterator[Sandbox]:
    """Another process with the same configuration and Redis."""
    async with build_servicer(sandbox.settings, sandbox.configuration) as (servicer, runner):
        yield Sandbox(servicer, runner, sandbox.settings, sandbox.configuration)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Any]:
    def register(server: grpc.aio.Server) -> None:
        sandbox_pb2_grpc.add_ToolServiceServicer_to_server(sandbox.servicer, server)

    async with serve_grpc(register, Health(), "127.0.0.1", 0, stop_grace_s=0) as port, open_channel(f"127.0.0.1:{port}") as channel:
        yield sandbox_pb2_grpc.ToolServiceStub(channel)


@pytest.fixture
async def odoo() -> AsyncIterator[FakeOdoo]:
    async with FakeOdoo(password=ODOO_KEY, version="17.0") as fake:
        fake.seed("res.partner", [{"name": "Ann", "phone": "+32 471 23 45 67", "mobile": "", "email": "ann@example.com"}])
        fake.define("sale.order", {"name": {"type": "char"}, "partner_id": {"type": "integer"}, "note": {"type": "char"}})
        fake.method("sale.order", "action_confirm", lambda records, ids, args, kwargs: True)
        yield fake


@pytest.fixture
async def crm() -> AsyncIterator[FakeCrm]:
    async with FakeCrm() as fake:
        yield fake
