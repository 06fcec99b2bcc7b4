"""The object graph; the only module that builds it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from callstage_audio.vad import SileroVad
from callstage_contracts import buckets
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2_grpc
from callstage_kit.grpc.channel import open_channel
from callstage_kit.health import Health
from callstage_kit.lifecycle import Drain
from callstage_kit.nats.connection import NatsConnection, connect_nats
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.nats.kv_mirror import KvMirror
from callstage_kit.recordings.store import open_store
from callstage_kit.redis.connection import connect_redis
from callstage_kit.tasks import TaskScope, in_thread
from callstage_kit.web_server import WebServer, bound_socket

from media_gateway.app import build_app
from media_gateway.bridge.runtime_links import RuntimeLinks
from media_gateway.bridge.text_turns import TextTurns
from media_gateway.calls.announced import AnnouncedCalls
from media_gateway.calls.chat import Chats, ChatServices
from media_gateway.calls.directory import Directory
from media_gateway.calls.drain import close_calls, drain_calls, leave_draining_runtimes
from media_gateway.calls.embed_access import end_withdrawn
from media_gateway.calls.embed_identity import UsedHashes
from media_gateway.calls.leases import LeaseBook
from media_gateway.calls.lookup import CallerLookups
from media_gateway.calls.outcome import Outcomes
from media_gateway.calls.registry import CallRegistry
from media_gateway.calls.session import CallServices
from media_gateway.calls.shared_store import SharedStore
from media_gateway.calls.slots import Slots
from media_gateway.calls.states import CallStates
from media_gateway.calls.tickets import TicketOffice
from media_gateway.calls.wheel import TickWheel
from media_gateway.carriers.telnyx.edge import TelnyxEdge
from media_gateway.carriers.twilio.edge import TwilioEdge
from media_gateway.recording.desk import RecordingDesk
from media_gateway.settings import GatewaySettings
from media_gateway.web.admission import Admission, ConnectionRate
from media_gateway.web.browser_routes import BrowserRoutes
from media_gateway.web.carrier_routes import EdgeServices
from media_gateway.web.embed_routes import EmbedRoutes
from media_gateway.web.media_socket import MediaSocket


@asynccontextmanager
async def build(settings: GatewaySettings, health: Health) -> AsyncGenerator[Drain]:
    """Entered = serving on `http_port`; yields the drain."""
    async with _serving(settings, health) as (server, registry, chats):

        async def drain() -> None:
            def leave() -> None:
                server.stop_accepting()
                chats.shut_down()

            await drain_calls(registry, leave, settings.drain_timeout_s)

        yield drain


@asynccontextmanager
async def _serving(settings: GatewaySettings, health: Health) -> AsyncGenerator[tuple[WebServer, CallRegistry, Chats]]:
    model = await in_thread(SileroVad.shared)
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(connect_nats(settings.nats_url, name=f"media-gateway {settings.instance}"))
        publisher = await stack.enter_async_context(EventPublisher(nats, settings.spool_dir, instance=f"media-gateway-{settings.instance}"))
        embed_tokens = await stack.enter_async_context(KvMirror(nats, buckets.EMBED_TOKENS))
        directory = await _directory(stack, nats, embed_tokens)
        recordings = await stack.enter_async_context(RecordingDesk(open_store(settings.recordings, nats), settings.secret_box, publisher))
        redis = await stack.enter_async_context(connect_redis(settings.redis_url))
        links = await stack.enter_async_context(RuntimeLinks(settings.runtime_addresses))
        sandbox = await stack.enter_async_context(open_channel(settings.sandbox_target))
        scope = await stack.enter_async_context(TaskScope("media_gateway"))
        store = SharedStore(redis)
        registry, states = CallRegistry(), CallStates(store)
        wheel = TickWheel(model, lambda: registry, links.flush)
        scope.start(wheel.run(), name="wheel")
        scope.start(leave_draining_runtimes(registry), name="leave_draining_runtimes")
        slots = await stack.enter_async_context(Slots(LeaseBook(redis), registry, settings.instance, settings.max_calls))
        outcomes = Outcomes(directory, states, publisher, scope, settings.default_country)
        lookups = CallerLookups(sandbox_pb2_grpc.ToolServiceStub(sandbox), store, scope)
        rate = ConnectionRate(store)
        tickets = TicketOffice(settings.token_signer, store)
        services = EdgeServices(
            settings=settings,
            directory=directory,
            admission=Admission(settings, slots, links, lambda: wheel.lag_ms),
            slots=slots,
            tickets=tickets,
            rate=rate,
            announced=AnnouncedCalls(store, tickets, states, outcomes, registry, scope),
            calls=CallServices(
                links=links, registry=registry, states=states, lookups=lookups, publisher=publisher, outcomes=outcomes, recordings=recordings
            ),
        )
        health.add("runtime", lambda: links.is_open)
        chats = Chats(settings.max_chats)
        embed_tokens.on_change(end_withdrawn(lambda: registry, lambda: chats))
        turns = await stack.enter_async_context(TextTurns(links))
        browser = BrowserRoutes(services, store, ChatServices(turns, chats, lookups, publisher, outcomes))
        embed = EmbedRoutes(services, UsedHashes(store))
        app = build_app((TwilioEdge(), TelnyxEdge(settings.telnyx_codec)), services, browser, embed, health)
        sock = stack.enter_context(bound_socket(settings.bind_host, settings.http_port, shared=settings.http_shared_port))
        server = await stack.enter_async_context(WebServer(app, sock, sockets=MediaSocket))
        stack.push_async_callback(close_calls, registry)
        stack.callback(chats.shut_down)
        yield server, registry, chats


async def _directory(stack: AsyncExitStack, nats: NatsConnection, embed_tokens: KvMirror[buckets.EmbedToken]) -> Directory:
    return Directory(
        tenants=await stack.enter_async_context(KvMirror(nats, buckets.TENANTS)),
        api_keys=await stack.enter_async_context(KvMirror(nats, buckets.API_KEYS)),
        routes=await stack.enter_async_context(KvMirror(nats, buckets.ROUTES)),
        blocked=await stack.enter_async_context(KvMirror(nats, buckets.BLOCKED)),
        active=await stack.enter_async_context(KvMirror(nats, buckets.ACTIVE)),
        backends=await stack.enter_async_context(KvMirror(nats, buckets.BACKENDS)),
        embed_tokens=embed_tokens,
    )
