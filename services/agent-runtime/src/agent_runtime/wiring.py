"""The object graph of the service."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import grpc
import structlog
from callstage_contracts.buckets import DEPLOYMENTS, PROVIDER_KEYS
from callstage_contracts.pb.runtime.v1 import provider_pb2_grpc, replay_pb2_grpc, runtime_pb2_grpc
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2_grpc
from callstage_kit.grpc.channel import open_channel
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from callstage_kit.lifecycle import Build, Drain
from callstage_kit.nats.connection import connect_nats
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.nats.kv_mirror import KvMirror
from callstage_kit.redis.connection import connect_redis
from callstage_kit.telemetry.traces import open_traces

from agent_runtime.call_registry import CallRegistry
from agent_runtime.conversation.explanation import Explainer
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.text_turns import TextConversations
from agent_runtime.conversation.turn_model import turn_model
from agent_runtime.conversation.turn_options import TurnOptions
from agent_runtime.journal.store import JournalStore
from agent_runtime.live_captions import LiveCaptions
from agent_runtime.live_commands import LiveCommands
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.settings import ProviderSettings
from agent_runtime.rpc.conversation_servicer import ConversationServicer
from agent_runtime.rpc.link_servicer import CallServer
from agent_runtime.rpc.provider_servicer import ProviderServicer
from agent_runtime.rpc.replay_servicer import ReplayServicer
from agent_runtime.settings import RuntimeSettings
from agent_runtime.snapshots import Snapshots
from agent_runtime.tools.dispatcher import ToolDispatcher

_log = structlog.get_logger(__name__)
_SUSPEND_TIMEOUT_S = 2.0


def build_with(settings: RuntimeSettings, provider_settings: ProviderSettings) -> Build:
    """How the process is built from its settings."""

    @asynccontextmanager
    async def build(health: Health) -> AsyncGenerator[Drain | None]:
        async with (
            connect_nats(settings.nats_url, name=f"agent-runtime-{settings.instance}") as nats,
            connect_redis(settings.redis_url) as redis,
            open_channel(settings.sandbox_target) as sandbox,
            KvMirror(nats, DEPLOYMENTS) as deployments,
            KvMirror(nats, PROVIDER_KEYS) as provider_keys,
            EventPublisher(nats, settings.spool_dir, instance=settings.instance) as events,
            LiveCaptions(nats.client) as captions,
            LiveCommands(nats.client) as commands,
            open_traces("agent-runtime", settings) as traces,
            Explainer(events, traces) as explainer,
            ProviderRegistry(provider_settings, provider_keys, settings.secret_box) as providers,
        ):
            await providers.warm_up()
            registry = CallRegistry(health, settings.runtime_max_calls, settings.runtime_max_loop_lag_ms / 1000)
            snapshots, store = Snapshots(deployments), JournalStore(redis)
            services = SessionServices(
                dispatcher=ToolDispatcher(sandbox_pb2_grpc.ToolServiceStub(sandbox)),
                events=events,
                captions=captions,
                phrases=PhraseCache(settings.phrase_cache_mb << 20),
                vad_start_ms=settings.vad_start_ms,
                filler_after_s=settings.filler_after_ms / 1000,
                explainer=explainer,
                turns=TurnOptions(
                    is_adaptive=settings.endpointing == "adaptive",
                    model=turn_model() if settings.endpointing == "adaptive" and settings.turn_model != "off" else None,
                    model_use=settings.turn_model,
                    eager=settings.eager_replies,
                ),
            )
            calls = CallServer(snapshots, providers, store, services, registry, commands)
            texts = TextConversations(snapshots, providers, store, services)
            servicer = ConversationServicer(calls, texts, registry, flush_s=settings.link_flush_ms / 1000)

            def register(server: grpc.aio.Server) -> None:
                runtime_pb2_grpc.add_ConversationServiceServicer_to_server(servicer, server)
                provider_pb2_grpc.add_ProviderServiceServicer_to_server(ProviderServicer(providers), server)
                replay_pb2_grpc.add_ReplayServiceServicer_to_server(ReplayServicer(store), server)

            health.add("deployments", lambda: deployments.is_ready)
            async with serve_grpc(register, health, settings.bind_host, settings.grpc_port) as port:
                _log.info("grpc_serving", port=port)
                yield registry.drained
            try:
                # Suspended calls write the end of their journals; Redis must still be there.
                async with asyncio.timeout(_SUSPEND_TIMEOUT_S):
                    await registry.drained()
            except TimeoutError:
                _log.warning("calls_left_behind", count=registry.count)

    return build
