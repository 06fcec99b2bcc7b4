"""Proves T8 for tools and deaths of any kind: however often and wherever its process is killed, no write of a run happens twice."""

import asyncio
import uuid
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_kit.tasks import TaskScope
from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.odoo import FakeOdoo, rpc_method
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tool_sandbox.wiring import build_servicer

Sandbox = Any
_CALLS = 5
_LINES = {
    "create": 'await server.create("sale.order", vals={{"name": "c{0}"}}, context={{"call": {0}}})',
    "write": 'await server.write("sale.order", [1], {{"note": "w{0}"}}, context={{"call": {0}}})',
    "confirm": 'await server.call("sale.order", "action_confirm", ids=[1], context={{"call": {0}}})',
    "delete": 'await server.delete("sale.order", [1{0}], context={{"call": {0}}})',
    "read": 'await server.read("sale.order", [1], fields=["name"], context={{"call": {0}}})',
    "search": 'await server.search_read("res.partner", fields=["name"], limit=1, context={{"call": {0}}})',
}
_WRITES = {"create": "create", "write": "write", "confirm": "action_confirm", "delete": "unlink"}


@dataclass(frozen=True)
class _Kill:
    """While the n-th host call is under way: before Odoo has seen it, or after Odoo has done it and before the answer is there."""

    call: int
    when: Literal["before", "after"]


_tools = st.lists(st.sampled_from(sorted(_LINES)), min_size=_CALLS, max_size=_CALLS)
_kills = st.lists(st.builds(_Kill, st.integers(0, _CALLS - 1), st.sampled_from(["before", "after"])), min_size=1, max_size=3)


@pytest.mark.slow
@pytest.mark.timeout(300)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tool=_tools, kills=_kills)
async def test_no_write_happens_twice(sandbox: Sandbox, odoo: FakeOdoo, tool: list[str], kills: list[_Kill]) -> None:
    sandbox.connect(odoo)
    sandbox.code("\n".join(_LINES[kind].format(number) for number, kind in enumerate(tool)))
    odoo.records.tables["sale.order"] = {number: {"id": number, "name": f"S{number}"} for number in (1, *range(10, 10 + _CALLS))}
    odoo.writes.clear()
    key = f"any:{uuid.uuid4()}"
    for kill in kills:
        await _run_and_kill(sandbox, odoo, key, kill)
    async with build_servicer(sandbox.settings, sandbox.configuration) as (servicer, _):
        reply = await replace(sandbox, servicer=servicer).run(key=key)
    done = [write.method for write in odoo.writes]
    expected = [_WRITES[kind] for kind in tool if kind in _WRITES]
    assert done == expected[: len(done)]
    if reply.status == pb.RUN_STATUS_OK:
        assert done == expected
    else:
        assert (reply.status, reply.error_code) == (pb.RUN_STATUS_UNKNOWN, "outcome_unknown"), reply.model_text
        assert any(tool[kill.call] in _WRITES for kill in kills), "a read that was cut off leaves nothing unknown"


async def _run_and_kill(sandbox: Sandbox, odoo: FakeOdoo, key: str, kill: _Kill) -> None:
    """A process of its own, which dies in that call; or is done before, because an earlier death has left the outcome unknown."""
    met = asyncio.Event()

    def is_it(exchange: Exchange) -> bool:
        if rpc_method(exchange) != "execute_kw" or exchange.json["params"]["args"][6]["context"]["call"] != kill.call:
            return False
        met.set()
        return True

    odoo.faults.add(Fault(delay_s=5) if kill.when == "before" else Fault(hold_s=5), when=is_it)
    async with build_servicer(sandbox.settings, sandbox.configuration) as (servicer, runner), TaskScope("killed") as scope:
        running = scope.start(replace(sandbox, servicer=servicer, runner=runner).run(key=key), name="run")
        dying = scope.start(met.wait(), name="met")
        await asyncio.wait({running, dying}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if met.is_set() and kill.when == "after":
            # Odoo has done it a moment after it has read it.
            await asyncio.sleep(0.05)
        await runner._scope.close()  # pyright: ignore[reportPrivateUsage]
        await asyncio.wait([running])
    odoo.faults.clear()
