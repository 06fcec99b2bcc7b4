"""The whole service in this process: real Redis, NATS and gRPC, a mail server that speaks IMAP and SMTP, a runtime that answers by rule."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from callstage_contracts.buckets import ACTIVE, MAILBOXES, ActiveDeployment, MailboxRecord, agent_key, integration_aad
from callstage_contracts.events import AnyEvent, parse_event
from callstage_contracts.pb.runtime.v1.runtime_pb2 import TextTurnReply, TextTurnRequest
from callstage_contracts.pb.runtime.v1.runtime_pb2_grpc import ConversationServiceServicer, add_ConversationServiceServicer_to_server
from callstage_contracts.subjects import STREAM
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from callstage_kit.nats.connection import NatsConnection, connect_nats
from callstage_testing.fakes.mail import FakeMail
from email_poller.settings import EmailPollerSettings
from email_poller.wiring import build
from nats.js.api import ConsumerConfig, DeliverPolicy

MASTER_KEYS = "k1:" + "A" * 43 + "="


class FakeRuntime(ConversationServiceServicer):
    """Answers `You said: …`; remembers every request; a repeated turn id gets its first answer."""

    def __init__(self) -> None:
        self.requests: list[TextTurnRequest] = []
        self.replies: dict[str, TextTurnReply] = {}
        self.fail_with: grpc.StatusCode | None = None
        self.turns: dict[str, int] = {}

    def Link(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802
        raise NotImplementedError

    def StreamTextTurn(self, request: TextTurnRequest, context: Any) -> Any:  # noqa: N802
        raise NotImplementedError

    async def TextTurn(self, request: TextTurnRequest, context: Any) -> TextTurnReply:  # noqa: N802
        self.requests.append(request)
        if self.fail_with is not None:
            await context.abort(self.fail_with, "told to fail")
        session_id = request.context.session_id
        if request.turn_id not in self.replies:
            self.turns[session_id] = self.turns.get(session_id, 0) + 1
            wants_human = "human" in request.text
            self.replies[request.turn_id] = TextTurnReply(
                text=f"You said: **{request.text}**",
                session_id=session_id,
                turns=self.turns[session_id],
                is_handed_off=wants_human,
                is_ended="goodbye" in request.text,
            )
        return self.replies[request.turn_id]


@dataclass
class Stand:
    """Everything a test touches. `start` runs another replica of the service until the returned function is awaited."""

    nats: NatsConnection
    mail: FakeMail
    runtime: FakeRuntime
    settings: EmailPollerSettings
    stack: AsyncExitStack
    tenant_id: str = field(default_factory=lambda: "t" + uuid4().hex[:8])

    async def put_mailbox(self, agent_id: str = "a1", *, password: str = "secret", deployment: int = 1, **changes: Any) -> MailboxRecord:
        """A mailbox as control-api publishes it."""
        record = self.record(agent_id, password=password, **changes)
        key = agent_key(self.tenant_id, agent_id)
        await (await self.nats.bucket(MAILBOXES.name)).put(key, record.model_dump_json().encode())
        active = ActiveDeployment(
            tenant_id=TenantId(self.tenant_id),
            agent_id=AgentId(agent_id),
            deployment=deployment,
            agent_created_at=datetime.now(UTC),
            display_name="Shop",
        )
        await (await self.nats.bucket(ACTIVE.name)).put(key, active.model_dump_json().encode())
        return record

    def record(self, agent_id: str = "a1", *, password: str = "secret", **changes: Any) -> MailboxRecord:
        """Not published."""
        values: dict[str, Any] = {
            "tenant_id": self.tenant_id,
            "agent_id": agent_id,
            "integration_id": "i1",
            "address": "agent@example.com",
            "imap_host": "127.0.0.1",
            "imap_port": self.mail.imap_port,
            "imap_security": "none",
            "smtp_host": "127.0.0.1",
            "smtp_port": self.mail.smtp_port,
            "smtp_security": "none",
            "username": "agent@example.com",
            "password_sealed": self.settings.secret_box.seal(password, integration_aad(self.tenant_id, "i1")),
        }
        return MailboxRecord(**(values | changes))

    async def start(self) -> Callable[[], Awaitable[None]]:
        """Returns the way to stop it early."""
        replica = AsyncExitStack()
        await replica.enter_async_context(build(self.settings)(Health()))
        self.stack.push_async_callback(replica.aclose)
        return replica.aclose

    def put(
        self, text: str, message_id: str, *, sender: str = "Anna <anna@customer.example>", subject: str = "Order", reply_to: str = "", **headers: str
    ) -> Any:
        """A mail arrives."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, "agent@example.com", subject, message_id
        if reply_to:
            message["In-Reply-To"], message["References"] = reply_to, reply_to
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        return self.mail.put(message)

    @asynccontextmanager
    async def events(self) -> AsyncGenerator[Callable[[str], Awaitable[AnyEvent]]]:
        """Yields a function that waits for the tenant's next event of a type."""
        subject = f"callstage.{self.tenant_id}.>"
        subscription = await self.nats.jetstream.subscribe(subject, stream=STREAM, config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL))

        async def next_of(kind: str) -> AnyEvent:
            while True:
                message = await subscription.next_msg(timeout=5)
                event = parse_event(message.data)
                if event.type == kind:
                    return event

        try:
            yield next_of
        finally:
            await subscription.unsubscribe()


@pytest.fixture(scope="session", autouse=True)
def grpc_poller() -> Iterator[None]:
    """gRPC keeps one pair of sockets per process; it is made here, so that no test seems to leak it."""

    async def make() -> None:
        grpc.aio.init_grpc_aio()

    asyncio.run(make())
    yield
    grpc.aio.shutdown_grpc_aio()


@pytest_asyncio.fixture
async def stand(nats_server: str, redis_server: str, tmp_path: Path) -> AsyncIterator[Stand]:
    runtime = FakeRuntime()
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(
            serve_grpc(lambda server: add_ConversationServiceServicer_to_server(runtime, server), Health(), "127.0.0.1", 0, stop_grace_s=0.1)
        )
        nats = await stack.enter_async_context(connect_nats(nats_server, name="test"))
        mail = await stack.enter_async_context(FakeMail())
        settings = EmailPollerSettings(
            nats_url=nats_server,
            redis_url=redis_server,
            master_keys=MASTER_KEYS,  # pyright: ignore[reportArgumentType]
            runtime_target=f"127.0.0.1:{port}",
            poll_interval_s=0.1,
            mail_timeout_s=3,
            turn_timeout_s=5,
            max_attempts=3,
            mailbox_backoff_limit_s=0.4,
            spool_dir=str(tmp_path),
            egress_allow="127.0.0.1",
            instance="test",
        )
        stand = Stand(nats, mail, runtime, settings, stack)
        try:
            yield stand
        finally:
            for bucket in (MAILBOXES, ACTIVE):
                kv = await nats.bucket(bucket.name)
                for agent_id in ("a1", "a2"):
                    await kv.delete(agent_key(stand.tenant_id, agent_id))


def variables(request: TextTurnRequest) -> dict[str, str]:
    """Of a turn."""
    return json.loads(request.variables_json)
