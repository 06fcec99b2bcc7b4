"""A database of its own with the newest schema, a NATS server of its own, and the service on both."""

import asyncio
import base64
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from callstage_testing.servers import nats_server as start_nats
from control_api.in_process import InProcess, TenantAccess, in_process
from control_api.migrate import migrate
from control_api.settings import ControlApiSettings
from pydantic import SecretStr
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).parent))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # control-api is on no call's path; the first use of a route or a statement builds it, which is slow on a busy machine.
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.blocking_allowed(5.0))


MASTER_KEY = "k1:" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> str:
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    name = f"control_api_{secrets.token_hex(4)}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    url = postgres_url.rsplit("/", 1)[0] + "/" + name
    migrate(url)
    return url


@pytest.fixture(scope="session")
def own_nats() -> Iterator[str]:
    """control-api takes out of the buckets whatever it does not know, so it shares no server with other tests."""
    with start_nats() as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def grpc_poller() -> Iterator[None]:
    """gRPC keeps one pair of sockets per process; it is made here, so that no test seems to leak it."""

    async def make() -> None:
        grpc.aio.init_grpc_aio()

    # It wants a running loop: earlier tests of the same process leave none behind.
    asyncio.run(make())
    yield
    grpc.aio.shutdown_grpc_aio()


@pytest.fixture
def make_settings(own_nats: str, database_url: str) -> Callable[..., ControlApiSettings]:
    def make(**changes: Any) -> ControlApiSettings:
        values: dict[str, Any] = {
            "database_url": database_url,
            "nats_url": own_nats,
            "master_keys": SecretStr(MASTER_KEY),
            "gateway_public_url": "https://calls.example.com",
            "cookie_secure": False,
            "sandbox_target": "127.0.0.1:1",
            "runtime_target": "127.0.0.1:1",
            "database_pool_size": 4,
            "egress_allow": "127.0.0.1",
        }
        return ControlApiSettings.model_validate({**values, **changes})

    return make


@pytest.fixture
async def stack(make_settings: Callable[..., ControlApiSettings]) -> AsyncIterator[InProcess]:
    async with in_process(make_settings()) as running:
        yield running


@pytest.fixture
async def tenant(stack: InProcess) -> TenantAccess:
    return await stack.tenant()
