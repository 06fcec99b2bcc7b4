"""The object graph of tool-sandbox."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from callstage_contracts.buckets import BACKENDS, DEPLOYMENTS, INTEGRATIONS, TENANTS
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2_grpc
from callstage_kit.egress import EgressClient
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from callstage_kit.lifecycle import Drain
from callstage_kit.nats.connection import connect_nats
from callstage_kit.nats.kv_mirror import KvMirror
from callstage_kit.redis.connection import connect_redis

from tool_sandbox.backends.registry import BackendRegistry
from tool_sandbox.caller_lookup import CallerLookup
from tool_sandbox.checks.code_checker import CodeChecker
from tool_sandbox.configuration import Configuration, MirroredConfiguration
from tool_sandbox.execution.attachments import Attachments
from tool_sandbox.execution.ledger import Ledger
from tool_sandbox.execution.limits import RunLimits, TenantPlaces
from tool_sandbox.execution.pool import WorkerPool
from tool_sandbox.execution.runner import CodeRunner
from tool_sandbox.execution.tools import ToolRunner
from tool_sandbox.execution.tryout import Tryout
from tool_sandbox.inspection import Inspection
from tool_sandbox.integrations.oauth import OAuthApp
from tool_sandbox.integrations.registry import IntegrationRegistry, Vendors
from tool_sandbox.rpc.tool_servicer import ToolServicer
from tool_sandbox.settings import SandboxSettings
from tool_sandbox.webhooks.delivery import WebhookRunner

_log = structlog.get_logger(__name__)
_MIB, _KIB = 1 << 20, 1 << 10


@asynccontextmanager
async def build(settings: SandboxSettings, health: Health) -> AsyncGenerator[Drain]:
    """Serving while entered; yields the drain."""
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(connect_nats(settings.nats_url, name="tool-sandbox"))
        deployments = await stack.enter_async_context(KvMirror(nats, DEPLOYMENTS))
        backends = await stack.enter_async_context(KvMirror(nats, BACKENDS))
        tenants = await stack.enter_async_context(KvMirror(nats, TENANTS))
        integrations = await stack.enter_async_context(KvMirror(nats, INTEGRATIONS))
        health.add("configuration", lambda: deployments.is_ready and backends.is_ready and tenants.is_ready and integrations.is_ready)
        configuration = MirroredConfiguration(deployments, backends, tenants, integrations)
        servicer, runner = await stack.enter_async_context(build_servicer(settings, configuration))
        port = await stack.enter_async_context(
            serve_grpc(
                lambda server: sandbox_pb2_grpc.add_ToolServiceServicer_to_server(servicer, server), health, settings.bind_host, settings.grpc_port
            )
        )
        _log.info("tools_served", port=port)
        yield runner.drain


@asynccontextmanager
async def build_servicer(settings: SandboxSettings, configuration: Configuration) -> AsyncGenerator[tuple[ToolServicer, ToolRunner]]:
    """Everything behind the gRPC edge, over any configuration."""
    async with (
        connect_redis(settings.redis_url) as redis,
        EgressClient(policy := EgressPolicy.from_setting(settings.egress_allow)) as egress,
        worker_pool(settings) as pool,
    ):
        secrets = settings.secret_box
        backends = BackendRegistry(egress, secrets, timeout_s=settings.backend_timeout_s, max_response_bytes=settings.backend_response_kib * _KIB)
        places, code, limits = TenantPlaces(settings.tenant_concurrency, settings.tenant_queue_wait_s), CodeRunner(pool), run_limits(settings)
        webhooks = WebhookRunner(egress, secrets, timeout_s=settings.webhook_timeout_s, max_response_bytes=settings.webhook_response_kib * _KIB)
        integrations = IntegrationRegistry(
            egress,
            policy,
            secrets,
            vendors(settings),
            timeout_s=settings.integration_timeout_s,
            max_response_bytes=settings.backend_response_kib * _KIB,
        )
        attachments = Attachments(configuration, backends, integrations)
        tryout = Tryout(configuration, places, code, webhooks, attachments, limits=limits, timeout_max_s=settings.tool_timeout_max_s)
        async with ToolRunner(
            configuration,
            Ledger(redis, lease_s=settings.ledger_lease_s, timeout_s=settings.ledger_timeout_s),
            places,
            code,
            webhooks,
            attachments,
            limits=limits,
            preload_timeout_s=settings.preload_timeout_s,
            timeout_max_s=settings.tool_timeout_max_s,
            lease_s=settings.ledger_lease_s,
        ) as runner:
            lookup = CallerLookup(configuration, backends, timeout_s=settings.lookup_timeout_s)
            yield ToolServicer(runner, tryout, lookup, CodeChecker(pool), Inspection(configuration, backends, integrations, secrets)), runner


def vendors(settings: SandboxSettings) -> Vendors:
    """Where integrations lead."""
    google, microsoft = settings.google_client_secret.get_secret_value(), settings.microsoft_client_secret.get_secret_value()
    return Vendors(
        google_url=settings.google_api_url,
        gmail_url=settings.gmail_api_url,
        graph_url=settings.graph_api_url,
        twilio_url=settings.twilio_api_url,
        google=OAuthApp(settings.google_token_url, settings.google_client_id, google),
        microsoft=OAuthApp(settings.microsoft_token_url, settings.microsoft_client_id, microsoft),
    )


def worker_pool(settings: SandboxSettings) -> WorkerPool:
    """The pool as set."""
    return WorkerPool(
        min_workers=settings.sandbox_workers_min,
        max_workers=settings.sandbox_workers_max,
        wait_s=settings.tenant_queue_wait_s,
        runs_per_worker=settings.sandbox_worker_runs,
        cpu_s=settings.tool_cpu_s,
        is_hardened=settings.sandbox_harden,
    )


def run_limits(settings: SandboxSettings) -> RunLimits:
    """Limits of a run in a conversation."""
    return RunLimits(
        timeout_s=settings.tool_timeout_s,
        cpu_s=settings.tool_cpu_s,
        memory_bytes=settings.tool_memory_mib * _MIB,
        result_bytes=settings.tool_result_kib * _KIB,
        host_calls=settings.tool_host_calls,
        log_lines=settings.tool_log_lines,
        log_bytes=settings.tool_log_kib * _KIB,
    )
