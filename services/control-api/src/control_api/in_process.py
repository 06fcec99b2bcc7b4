"""The whole service without a port, for tests: requests go straight into the app, Postgres and NATS are real."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
from callstage_contracts.buckets import Bucket
from callstage_contracts.events import Event
from callstage_kit.health import Health
from callstage_kit.nats.connection import NatsConnection, connect_nats
from fastapi import FastAPI
from nats.js.errors import KeyNotFoundError

from control_api.bootstrap import bootstrap
from control_api.db.database import Database
from control_api.db.unit_of_work import Writer
from control_api.features.tenants.service import TenantService
from control_api.settings import ControlApiSettings
from control_api.wiring import make_database, running_app

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TenantAccess:
    """A tenant with an owner, and a client that sends its key."""

    id: str
    key: str
    email: str
    password: str
    http: httpx2.AsyncClient


@dataclass(frozen=True, slots=True)
class InProcess:
    """The running service. Clients end with it."""

    app: FastAPI
    health: Health
    nats: NatsConnection
    database: Database
    settings: ControlApiSettings
    resources: AsyncExitStack

    async def client(self, **headers: str) -> httpx2.AsyncClient:
        """A client of the app; names of headers with `_` for `-`."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.resources.enter_async_context(httpx2.AsyncClient(transport=transport, base_url="http://test", headers=sent, timeout=30))

    async def tenant(self, *, is_platform: bool = False) -> TenantAccess:
        """A fresh tenant."""
        writer = Writer(self.database, lambda: None)
        email, password = f"{secrets.token_hex(6)}@example.com", "a long enough password"
        made = await bootstrap(
            writer,
            TenantService(writer, self.settings.secret_box, self.settings.gateway_public_url),
            name=f"Tenant {secrets.token_hex(6)}",
            email=email,
            password=password,
            key=None,
            is_platform=is_platform,
            webhook_key=None,
        )
        return TenantAccess(made["tenant_id"], made["api_key"], email, password, await self.client(x_api_key=made["api_key"]))

    async def kv(self, bucket: Bucket[Any], key: str) -> Any:
        """The stored value as JSON, None when there is none."""
        try:
            entry = await (await self.nats.bucket(bucket.name)).get(key)
        except KeyNotFoundError:
            return None
        return json.loads(entry.value or b"null")

    async def publish(self, *events: Event) -> None:
        """Events as another service would publish them."""
        for event in events:
            await self.nats.jetstream.publish(event.subject, event.model_dump_json().encode(), headers={"Nats-Msg-Id": event.id})


@asynccontextmanager
async def in_process(settings: ControlApiSettings) -> AsyncGenerator[InProcess]:
    """Runs the service while entered; entered = ready."""
    health = Health()
    async with AsyncExitStack() as resources:
        nats = await resources.enter_async_context(connect_nats(settings.nats_url, name="control-api"))
        database = make_database(settings)
        resources.push_async_callback(database.engine.dispose)
        app = await resources.enter_async_context(running_app(settings, health, nats))

        async def is_ready() -> bool:
            return health.is_ready

        await until(is_ready)
        yield InProcess(app, health, nats, database, settings, resources)


async def until(ask: Callable[[], Awaitable[T]], *, timeout_s: float = 10.0) -> T:
    """Ask again until the answer is true. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not (found := await ask()):  # noqa: ASYNC110  # the other side is another system, it sets no event here
            await asyncio.sleep(0.01)
    return found
