"""The object graph of the service."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from callstage_contracts.buckets import ACTIVE, MAILBOXES, TENANTS
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.grpc.channel import open_channel
from callstage_kit.health import Health
from callstage_kit.lifecycle import Build
from callstage_kit.nats.connection import connect_nats
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.nats.kv_mirror import KvMirror
from callstage_kit.redis.connection import connect_redis

from email_poller.conversation.runtime_agent import RuntimeAgent
from email_poller.mailboxes.fleet import Configuration, MailboxFleet
from email_poller.mailboxes.look import LookTools
from email_poller.settings import EmailPollerSettings


def build(settings: EmailPollerSettings) -> Build:
    """For `callstage_kit.lifecycle.run_service`."""
    return lambda health: _serve(settings, health)


@asynccontextmanager
async def _serve(settings: EmailPollerSettings, health: Health) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    executor = ThreadPoolExecutor(settings.concurrent_mailboxes, thread_name_prefix="imap")
    async with (
        connect_nats(settings.nats_url, name=f"email-poller/{settings.instance}") as nats,
        connect_redis(settings.redis_url) as redis,
        KvMirror(nats, MAILBOXES) as mailboxes,
        KvMirror(nats, ACTIVE) as active,
        KvMirror(nats, TENANTS) as tenants,
        EventPublisher(nats, settings.spool_dir, instance=settings.instance) as events,
        open_channel(settings.runtime_target) as channel,
    ):
        health.add("mailboxes_known", lambda: mailboxes.is_ready and active.is_ready and tenants.is_ready)
        tools = LookTools(
            settings=settings,
            redis=redis,
            agent=RuntimeAgent(channel, timeout_s=settings.turn_timeout_s),
            publish=events.publish,
            executor=executor,
            egress=EgressPolicy.from_setting(settings.egress_allow),
            now=lambda: datetime.now(UTC),
        )
        try:
            async with MailboxFleet(tools, Configuration(mailboxes, active, tenants)) as fleet:
                yield fleet.drain
        finally:
            # Threads that wait for a silent server end with their socket's deadline; the process does not wait for them.
            executor.shutdown(wait=False, cancel_futures=True)
