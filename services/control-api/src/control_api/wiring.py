"""Builds the object graph of control-api."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from callstage_kit.egress import EgressClient
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.grpc.channel import open_channel
from callstage_kit.health import Health
from callstage_kit.nats.connection import NatsConnection, connect_nats
from callstage_kit.recordings.store import open_store
from callstage_kit.web_server import WebServer, bound_socket
from fastapi import FastAPI

from control_api.access.authenticator import Authenticator
from control_api.access.idempotent_route import StoredReplies
from control_api.app import create_app
from control_api.consumers.events import EventConsumer
from control_api.consumers.prices import PriceList
from control_api.consumers.reaper import CallReaper
from control_api.db.database import Database
from control_api.db.unit_of_work import Writer
from control_api.features.agent_stats.service import AgentStatsService
from control_api.features.agent_tests.runtime import ReplayClient
from control_api.features.agent_tests.service import AgentTestService
from control_api.features.agents.draft_checks import DraftChecks
from control_api.features.agents.move import AgentMoveService
from control_api.features.agents.service import AgentService
from control_api.features.api_keys.service import ApiKeyService
from control_api.features.audio.service import AudioService
from control_api.features.audit.service import AuditService
from control_api.features.backends.sandbox import SandboxClient
from control_api.features.backends.service import BackendService
from control_api.features.blocked_numbers.service import BlockedNumberService
from control_api.features.calls.series import CallSeriesService
from control_api.features.calls.service import CallService
from control_api.features.conversations.service import ConversationService
from control_api.features.deployments.service import DeploymentService
from control_api.features.embed.service import EmbedTokenService
from control_api.features.generation.service import GenerationService
from control_api.features.identity.service import IdentityService
from control_api.features.integrations.oauth import OAuthService
from control_api.features.integrations.service import IntegrationService
from control_api.features.live.feed import LiveFeed
from control_api.features.live.service import LiveService
from control_api.features.mailboxes.service import MailboxService
from control_api.features.numbers.service import NumberService
from control_api.features.oidc.provider import Provider
from control_api.features.oidc.service import OidcService
from control_api.features.providers.runtime import RuntimeClient
from control_api.features.providers.service import ProviderService
from control_api.features.recordings.keeper import RecordingKeeper
from control_api.features.recordings.service import RecordingFiles, RecordingService
from control_api.features.rehearsals.service import RehearsalService
from control_api.features.tenants.service import TenantService
from control_api.features.tools.runs import ToolRunService
from control_api.features.tools.service import ToolService
from control_api.features.users.service import UserService
from control_api.features.voicemails.service import VoicemailService
from control_api.features.voices.service import VoiceService
from control_api.features.webhook_endpoints.sending import WebhookSender
from control_api.features.webhook_endpoints.service import WebhookEndpointService
from control_api.features.webhook_endpoints.worker import WebhookWorker
from control_api.outbox.publisher import OutboxPublisher
from control_api.settings import ControlApiSettings


def make_database(settings: ControlApiSettings) -> Database:
    """The pool, not yet entered."""
    return Database(settings.sqlalchemy_url, pool_size=settings.database_pool_size, timeout_s=settings.database_timeout_s)


def make_oidc_provider(settings: ControlApiSettings, egress: EgressClient) -> Provider | None:
    """None when people sign in with a password only."""
    if not settings.oidc_issuer:
        return None
    secret = settings.oidc_client_secret.get_secret_value()
    return Provider(egress, issuer=settings.oidc_issuer, client_id=settings.oidc_client_id, client_secret=secret)


def make_services(
    settings: ControlApiSettings,
    database: Database,
    sandbox: SandboxClient,
    runtime: RuntimeClient,
    replays: ReplayClient,
    files: RecordingFiles,
    nats: NatsConnection,
    feed: LiveFeed,
    webhooks: WebhookWorker,
    egress: EgressClient,
    on_outbox: Callable[[], None],
) -> dict[type[Any], Any]:
    """One instance per service class, as endpoints ask for them."""
    writer, box, signer = Writer(database, on_outbox), settings.secret_box, settings.token_signer
    authenticator, checks = Authenticator(database, signer), DraftChecks(sandbox)
    services = (
        authenticator,
        StoredReplies(database, box),
        identity := IdentityService(database, authenticator, ttl_s=settings.session_ttl_s, cookie_secure=settings.cookie_secure),
        OidcService(writer, identity, signer, make_oidc_provider(settings, egress), label=settings.oidc_label, public_url=settings.public_url),
        UserService(writer, has_oidc=bool(settings.oidc_issuer)),
        ApiKeyService(writer),
        TenantService(writer, box, settings.gateway_public_url),
        ProviderService(writer, box, EgressPolicy.from_setting(settings.egress_allow), runtime),
        VoiceService(runtime),
        AuditService(database),
        AgentService(writer, checks),
        AgentMoveService(writer),
        AgentStatsService(database),
        tests := AgentTestService(writer, replays),
        rehearsals := RehearsalService(database, replays),
        DeploymentService(writer, signer, settings.gateway_websocket_url, checks, tests, rehearsals, replays),
        BackendService(writer, box, sandbox),
        ToolService(writer, sandbox),
        ToolRunService(writer, sandbox),
        GenerationService(database, box, sandbox, EgressPolicy.from_setting(settings.egress_allow), settings),
        integrations := IntegrationService(writer, box, sandbox),
        OAuthService(integrations, signer, box, settings),
        MailboxService(writer, box),
        NumberService(writer),
        BlockedNumberService(writer),
        EmbedTokenService(writer, box, settings.gateway_public_url),
        LiveService(writer, feed, nats.client),
        CallService(database),
        CallSeriesService(database),
        RecordingService(writer, files),
        VoicemailService(writer, files),
        ConversationService(database),
        AudioService(writer),
        WebhookEndpointService(writer, box, EgressPolicy.from_setting(settings.egress_allow), webhooks.sender, webhooks.wake),
    )
    return {type(service): service for service in services}


@asynccontextmanager
async def running_app(settings: ControlApiSettings, health: Health, nats: NatsConnection) -> AsyncGenerator[FastAPI]:
    """The app with everything behind it running; not yet on a port."""
    files = RecordingFiles(open_store(settings.recordings, nats), settings.secret_box)
    async with open_channel(settings.sandbox_target) as channel, make_database(settings) as database:
        async with (
            open_channel(settings.runtime_target) as runtime,
            OutboxPublisher(database, nats, poll_s=settings.outbox_poll_s) as outbox,
            EventConsumer(database, nats, PriceList.from_setting(settings.prices)),
            CallReaper(database, interval_s=settings.reaper_interval_s, journal_days=settings.call_journal_days),
            RecordingKeeper(database, files, interval_s=settings.reaper_interval_s),
            EgressClient(EgressPolicy.from_setting(settings.egress_allow)) as egress,
            WebhookWorker(database, WebhookSender(egress, settings.secret_box), poll_s=settings.outbox_poll_s) as webhooks,
        ):
            feed = LiveFeed(nats.client)
            health.on_drain(feed.leave)
            services = make_services(
                settings,
                database,
                SandboxClient(channel),
                RuntimeClient(runtime),
                ReplayClient(runtime),
                files,
                nats,
                feed,
                webhooks,
                egress,
                outbox.wake,
            )
            health.add("postgres", lambda: database.is_up)
            health.add("nats", lambda: nats.is_up)
            health.add("configuration_published", lambda: outbox.is_reconciled)
            yield create_app(
                services,
                health,
                gateway_public_url=settings.gateway_public_url,
                request_timeout_s=settings.request_timeout_s,
                web_root=settings.manager_root,
            )


def build(settings: ControlApiSettings) -> Callable[[Health], Any]:
    """For `run_service`."""

    @asynccontextmanager
    async def service(health: Health) -> AsyncGenerator[None]:
        with bound_socket(settings.bind_host, settings.http_port) as sock:
            async with connect_nats(settings.nats_url, name=f"control-api/{settings.instance}") as nats:
                async with running_app(settings, health, nats) as app, WebServer(app, sock):
                    yield None

    return service
