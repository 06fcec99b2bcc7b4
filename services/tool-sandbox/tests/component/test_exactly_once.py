"""Proves T8: a finished run is never run again, a cut-off run goes on where it stopped, and no write happens twice."""

import asyncio
import json
from typing import Any

import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_contracts.redis_keys import ledger
from callstage_domain.agent import ToolDefinition
from callstage_kit.tasks import TaskScope, all_of
from callstage_testing.fakes.crm import FakeCrm
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.odoo import FakeOdoo, rpc_method
from redis.asyncio import Redis

Sandbox = Any

TOOL = """
import datetime, random
rows = await server.search_read("res.partner", fields=["name"], limit=1)
order = await server.create("sale.order", vals={"name": rows[0]["name"] + str(random.random()), "note": str(datetime.datetime.now())})
await server.write("sale.order", [order], {"partner_id": rows[0]["id"]})
await server.read("sale.order", [order], fields=["name"])
await server.call("sale.order", "action_confirm", ids=[order])
return {"order": order}
"""
WRITES = ["create", "write", "action_confirm"]


def _calls(odoo: FakeOdoo) -> list[Any]:
    return odoo.executed


async def test_a_finished_run_is_not_run_again(sandbox: Sandbox, second_sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code(TOOL)
    first = await sandbox.run(key="c:1")
    again = await second_sandbox.run(key="c:1")
    assert (first.status, first.is_replayed, again.is_replayed) == (pb.RUN_STATUS_OK, False, True)
    assert again.result_json == first.result_json
    assert [call.name for call in again.host_calls] == [call.name for call in first.host_calls]
    assert [write.method for write in odoo.writes] == WRITES
    assert (await sandbox.run(key="c:2")).is_replayed is False


async def test_a_failure_is_an_outcome_too(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code('await server.create("sale.order", vals={"name": "x"})\nraise ValueError("late")')
    first, again = await sandbox.run(key="f:1"), await sandbox.run(key="f:1")
    assert (first.error_code, again.error_code, again.is_replayed) == ("tool_error", "tool_error", True)
    assert len(odoo.writes) == 1


async def test_concurrent_duplicates_run_once(sandbox: Sandbox, second_sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code(TOOL)
    odoo.faults.add(Fault(delay_s=0.1), times=3)
    replies = await all_of(*(box.run(key="d:1") for box in (sandbox, sandbox, second_sandbox, second_sandbox)))
    assert {reply.result_json for reply in replies} == {'{"order":1}'}
    assert sum(not reply.is_replayed for reply in replies) == 1
    assert [write.method for write in odoo.writes] == WRITES


@pytest.mark.parametrize("boundary", [1, 2, 3, 4, 5])
async def test_killed_between_two_host_calls_and_run_again(sandbox: Sandbox, second_sandbox: Sandbox, odoo: FakeOdoo, boundary: int) -> None:
    """The journal answers the finished calls, with the same clock and the same random numbers; every write happens once."""
    sandbox.connect(odoo)
    lines = TOOL.strip().splitlines()
    lines.insert(1 + boundary, "import asyncio\nawait asyncio.sleep(PAUSE)")
    sandbox.code("\n".join(lines).replace("PAUSE", "5"))
    key = f"kill:{boundary}"
    async with TaskScope("killed") as scope:
        task = scope.start(sandbox.run(key=key), name="run")
        await _until(lambda: len(_calls(odoo)) == boundary and _calls(odoo)[-1].outcome == "done")
        await _recorded(sandbox, key, boundary)
        await sandbox.runner._scope.close()
        await asyncio.wait([task])
    sandbox.code("\n".join(lines).replace("PAUSE", "0"))
    reply = await second_sandbox.run(key=key)
    assert (reply.status, reply.is_replayed, len(reply.host_calls)) == (pb.RUN_STATUS_OK, False, 5), reply
    assert [write.method for write in odoo.writes] == WRITES
    repeated = {1: 1, 2: 0, 3: 0, 4: 1, 5: 0}[boundary]  # reads that no later write had put on record
    assert len(_calls(odoo)) == 5 + repeated


@pytest.mark.parametrize("write", [1, 2, 3])
async def test_killed_while_a_write_is_under_way(sandbox: Sandbox, second_sandbox: Sandbox, odoo: FakeOdoo, write: int) -> None:
    sandbox.connect(odoo)
    sandbox.code(TOOL)
    position = {1: 2, 2: 3, 3: 5}[write]
    odoo.faults.add(Fault(delay_s=5), when=lambda _: len(_calls(odoo)) == position)
    key = f"underway:{write}"
    async with TaskScope("killed") as scope:
        task = scope.start(sandbox.run(key=key), name="run")
        await _until(lambda: len(_calls(odoo)) == position)
        await sandbox.runner._scope.close()
        await asyncio.wait([task])
    reply = await second_sandbox.run(key=key)
    assert (reply.status, reply.error_code) == (pb.RUN_STATUS_UNKNOWN, "outcome_unknown")
    assert [write.method for write in odoo.writes] == WRITES[: write - 1]


@pytest.mark.parametrize("write", [1, 2])
async def test_a_write_that_happened_while_its_process_died_is_known_to_be_done(
    sandbox: Sandbox, second_sandbox: Sandbox, odoo: FakeOdoo, write: int
) -> None:
    """The backend is asked for the record, or for its values; nothing is sent again."""
    await _killed_in(sandbox, odoo, write, f"done:{write}")
    reply = await second_sandbox.run(key=f"done:{write}")
    assert (reply.status, reply.result_json) == (pb.RUN_STATUS_OK, '{"order":1}'), reply.model_text
    assert [write.method for write in odoo.writes] == WRITES


async def test_two_records_that_may_be_the_one_leave_it_unknown(sandbox: Sandbox, second_sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code('return await server.create("sale.order", vals={"name": "x", "note": "y"})')
    odoo.faults.add(Fault(drop_after=True), when=_executes)
    values = {"name": "x", "note": "y"}
    odoo.records.call("sale.order", "create", [], [values], {})
    assert (await sandbox.run(key="two:1")).status == pb.RUN_STATUS_UNKNOWN
    assert len(odoo.writes) == 2


async def test_a_record_that_the_run_itself_made_before_is_not_taken_for_another(sandbox: Sandbox, second_sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code("""
first = await server.create("sale.order", vals={"name": args["name"]})
second = await server.create("sale.order", vals={"name": args["name"]})
return [first, second]
""")
    odoo.faults.add(Fault(drop_before=True), when=lambda exchange: _executes(exchange) and len(odoo.writes) == 1)
    assert (await sandbox.run({"name": "x"}, key="own:1")).status == pb.RUN_STATUS_UNKNOWN
    odoo.faults.add(Fault(drop_after=True), when=lambda exchange: _executes(exchange) and len(odoo.writes) == 2)
    reply = await sandbox.run({"name": "y"}, key="own:2")
    assert (reply.status, json.loads(reply.result_json)) == (pb.RUN_STATUS_OK, {"result": [2, 3]})


async def test_a_delete_without_an_answer_is_done_when_the_record_is_gone(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    (order,) = odoo.seed("sale.order", [{"name": "old"}])
    sandbox.code(f'await server.delete("sale.order", [{order}])\nreturn "gone"')
    odoo.faults.add(Fault(drop_after=True), when=_executes)
    assert (await sandbox.run()).status == pb.RUN_STATUS_OK
    assert [write.method for write in odoo.writes] == ["unlink"]


def _executes(exchange: Any) -> bool:
    return rpc_method(exchange) == "execute_kw"


async def _killed_in(sandbox: Sandbox, odoo: FakeOdoo, write: int, key: str) -> None:
    """The backend has made that write, and whoever asked for it dies before it hears of it."""
    sandbox.connect(odoo)
    sandbox.code(TOOL)
    odoo.faults.add(Fault(hold_s=5), when=lambda exchange: _executes(exchange) and exchange.json["params"]["args"][4] == WRITES[write - 1])
    async with TaskScope("killed") as scope:
        task = scope.start(sandbox.run(key=key), name="run")
        await _until(lambda: len(odoo.writes) == write)
        await sandbox.runner._scope.close()
        await asyncio.wait([task])


async def _until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def _recorded(sandbox: Sandbox, key: str, boundary: int) -> None:
    """Wait until the write of this boundary, if it is one, has its answer on record."""
    fields = {2: b"c:2", 3: b"c:3", 5: b"c:5"}
    async with Redis.from_url(sandbox.settings.redis_url) as redis:
        if boundary in fields:

            async def finished() -> bool:
                known = await redis.hgetall(ledger("t1", key))
                return known.get(b"state") == b"finished" or json.loads(known.get(fields[boundary], b"[0,0,0,false]"))[3] is True

            async with asyncio.timeout(20):
                while not await finished():
                    await asyncio.sleep(0.005)


async def test_a_dead_owner_is_taken_over_after_its_lease(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code(TOOL)
    async with Redis.from_url(sandbox.settings.redis_url) as redis:
        seconds, _ = await redis.time()
        lease: dict[Any, Any] = {"state": "running", "owner": "dead", "lease": seconds * 1000 + 1500, "started_at": "2026-01-01T00:00:00+00:00"}
        await redis.hset(ledger("t1", "dead:1"), mapping=lease)
    reply = await sandbox.run(key="dead:1")
    assert reply.status == pb.RUN_STATUS_OK
    assert [write.method for write in odoo.writes] == WRITES


async def test_a_write_whose_answer_was_lost_is_unknown_and_never_repeated(sandbox: Sandbox, second_sandbox: Sandbox, odoo: FakeOdoo) -> None:
    """Of a method nobody can ask the backend whether it was called."""
    sandbox.connect(odoo)
    (order,) = odoo.seed("sale.order", [{"name": "x"}])
    sandbox.code(f"""
for _ in range(3):
    try:
        return await server.call("sale.order", "action_confirm", ids=[{order}])
    except Exception:
        pass
""")
    odoo.faults.add(Fault(drop_after=True), when=_executes)
    reply = await sandbox.run(key="lost:1")
    assert (reply.status, reply.error_code) == (pb.RUN_STATUS_UNKNOWN, "outcome_unknown")
    assert "Do not try again" in reply.model_text
    again = await second_sandbox.run(key="lost:1")
    assert (again.status, again.is_replayed) == (pb.RUN_STATUS_UNKNOWN, True)
    assert len(odoo.writes) == 1


async def test_a_write_in_flight_when_time_is_up_is_unknown(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.deploy(ToolDefinition(name="tool", kind="code", code='await server.create("sale.order", vals={"name": "x"})', timeout_s=1.5))
    sandbox.connect(odoo)
    odoo.faults.add(Fault(delay_s=20), when=lambda exchange: rpc_method(exchange) == "execute_kw")
    assert (await sandbox.run(key="late:1")).status == pb.RUN_STATUS_UNKNOWN


async def test_a_read_is_repeated_and_a_refused_connection_is_no_mystery(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code("""
tries = 0
while True:
    tries += 1
    try:
        rows = await server.search_read("res.partner", fields=["name"])
        return {"tries": tries, "rows": len(rows)}
    except BackendUnavailableError:
        pass
""")
    odoo.faults.add(Fault(drop_before=True), times=2, when=lambda exchange: rpc_method(exchange) == "execute_kw")
    reply = await sandbox.run()
    assert json.loads(reply.result_json) == {"tries": 3, "rows": 1}


async def test_a_lost_connection_does_not_stop_a_run(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code(TOOL)
    odoo.faults.add(Fault(delay_s=0.3), when=lambda exchange: rpc_method(exchange) == "execute_kw")
    async with TaskScope("client") as scope:
        request = scope.start(sandbox.run(key="gone:1"), name="run")
        await _until(lambda: len(odoo.requests) >= 2)
        request.cancel()
        reply = await sandbox.run(key="gone:1")
    assert (reply.status, reply.is_replayed) == (pb.RUN_STATUS_OK, True)
    assert [write.method for write in odoo.writes] == WRITES


async def test_without_redis_tools_run_and_say_so(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code(TOOL)
    sandbox.runner._ledger._redis.connection_pool.connection_kwargs["port"] = 1
    await sandbox.runner._ledger._redis.connection_pool.disconnect()
    reply = await sandbox.run(key="noredis:1")
    assert reply.status == pb.RUN_STATUS_OK
    assert "not protected" in reply.logs[-1]
    assert [write.method for write in odoo.writes] == WRITES


async def test_a_repeated_webhook_carries_the_same_key(sandbox: Sandbox, crm: FakeCrm) -> None:
    sandbox.deploy(ToolDefinition(name="create_lead", kind="webhook"), webhook_url=crm.url)
    crm.fail("create_lead", Fault(drop_after=True))
    reply = await sandbox.run({"first_name": "A", "phone": "1"}, tool="create_lead", key="w:1")
    again = await sandbox.run({"first_name": "A", "phone": "1"}, tool="create_lead", key="w:1")
    assert (reply.status, again.is_replayed) == (pb.RUN_STATUS_OK, True)
    assert [exchange.headers["idempotency-key"] for exchange in crm.deliveries()] == ["w:1", "w:1"]
