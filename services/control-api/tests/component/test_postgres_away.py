"""Proves K4 N4 MT2: Postgres goes away and comes back; the process lives, readiness tells, no event is lost, buckets are repaired."""

import gc
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest
from callstage_contracts.buckets import ACTIVE, agent_key
from callstage_contracts.events import CallEnded
from callstage_testing.servers import postgres_server
from control_api.in_process import in_process, until
from control_api.migrate import migrate
from control_api.settings import ControlApiSettings
from sqlalchemy import text


@pytest.fixture
def own_postgres() -> Iterator[tuple[str, int]]:
    """(URL, process id) of a server that this test may stop."""
    with postgres_server() as url:
        migrate(url)
        port = url.rsplit(":", 1)[1].split("/")[0]
        found = subprocess.run(["pgrep", "-f", f"postgres .*-p {port} "], capture_output=True, text=True, check=True)
        yield url, int(found.stdout.split()[0])


async def test_postgres_stops_and_goes_on(make_settings: Callable[..., ControlApiSettings], own_postgres: tuple[str, int]) -> None:
    url, pid = own_postgres
    async with in_process(make_settings(database_url=url, database_timeout_s=2.0)) as stack:
        tenant = await stack.tenant()
        await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A", "tools": ["end_call"]})

        async def is_ready() -> bool:
            return (await tenant.http.get("/readyz")).status_code == 200

        async def is_not_ready() -> bool:
            return not await is_ready()

        await until(is_ready)
        async with stack.database.session() as session:
            # The test server commits without waiting for the disk.
            await session.execute(text("CHECKPOINT"))
        # A crash of the server: its children are killed, and it recovers by itself.
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True).stdout.split()
        os.kill(pid, signal.SIGSTOP)
        try:
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            await until(is_not_ready, timeout_s=20)
            call_id = secrets.token_hex(8)
            await stack.publish(CallEnded(tenant_id=tenant.id, call_id=call_id, reason="agent_ended", duration_ms=5))
            refused = await tenant.http.get("/v1/agents")
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert (await tenant.http.get("/healthz")).status_code == 200
        finally:
            os.kill(pid, signal.SIGCONT)
        await until(is_ready, timeout_s=30)

        async def recorded() -> bool:
            return (await tenant.http.get(f"/v1/calls/{call_id}")).status_code == 200

        await until(recorded, timeout_s=30)
        await tenant.http.post("/v1/agents/a/deploy")

        async def deployed() -> bool:
            return (await stack.kv(ACTIVE, agent_key(tenant.id, "a")))["deployment"] == 1

        await until(deployed)
    # A connection attempt that was given up sits in a reference cycle (exception and traceback) until the collector runs.
    gc.collect()


async def test_buckets_are_repaired_at_the_start(make_settings: Callable[..., ControlApiSettings]) -> None:
    async with in_process(make_settings()) as stack:
        tenant = await stack.tenant()
        await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A", "tools": ["end_call"]})
        key, stray = agent_key(tenant.id, "a"), agent_key(tenant.id, "stray")

        async def published() -> object:
            return await stack.kv(ACTIVE, key)

        wanted = await until(published)
        bucket = await stack.nats.bucket(ACTIVE.name)
        await bucket.put(stray, b"{}")
        await bucket.put(key, b'{"deployment": 99}')
    async with in_process(make_settings()) as stack:

        async def repaired() -> bool:
            return await stack.kv(ACTIVE, key) == wanted and await stack.kv(ACTIVE, stray) is None

        await until(repaired)
