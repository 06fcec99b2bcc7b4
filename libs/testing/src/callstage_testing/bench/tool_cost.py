"""What a tool run costs over its backend's own time, and how many run in a second: warm code tools, straight over the sandbox's gRPC."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import grpc
import psutil
from callstage_contracts.pb.common.v1 import common_pb2
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_kit.grpc.channel import open_channel
from callstage_kit.tasks import all_of, in_thread

from callstage_testing.bench.counters import metric_sum
from callstage_testing.bench.rung import Spread
from callstage_testing.bench.targets import StackTarget, demand, deploy_agent

_AGENT = "bench-tools"
_TOOL = "three_calls"
_CODE = """
names = []
for number in [1, 2, 3]:
    rows = await server.search_read("res.partner", [["id", "=", number]], ["name"], limit=1)
    names.append(rows[0]["name"])
return {"names": names}
"""
_RATE_TOOL = "one_call"
_RATE_CODE = 'return await server.search_read("res.partner", [["id", "=", 1]], ["name"], limit=1)'
_LANES = 8
"""As many runs of one tenant as the sandbox takes on at once."""
_RATE_S = 4.0
_READY = "callstage_sandbox_pool_ready_seconds"
_WARM_RUNS = 20
_REACH_TIMEOUT_S = 15.0
_RUN_TIMEOUT_S = 10.0


class NotPossible(Exception):
    """The measurement cannot be made; says why."""


@dataclass(frozen=True, slots=True)
class ToolCost:
    """Milliseconds. `backend` is three calls of a plain client to the same fake; `over` is each run less the median of those."""

    run: Spread
    backend: Spread
    over: Spread
    runs_per_s: float | None = None
    """Of a tool with one backend call, at a backend that answers at once."""
    pool_ready_s: float | None = None
    """From the start of the sandbox's workers until the first ones were ready."""


async def measure_tool(target: StackTarget, odoo_url: str, runs: int) -> ToolCost:
    """Raises NotPossible."""
    try:
        deployment = await in_thread(_deploy, target, odoo_url)
        port = psutil.Process(target.services()["tool-sandbox"][0]).environ()["CALLSTAGE_GRPC_PORT"]
    except (RuntimeError, KeyError, IndexError, psutil.Error) as err:
        raise NotPossible(f"{type(err).__name__}: {err}") from err
    context = common_pb2.CallContext(
        call_id="bench-" + secrets.token_hex(6), session_id="bench", tenant_id=target.stack.dev["tenant_id"], agent_id=_AGENT, deployment=deployment
    )
    async with open_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = sandbox_pb2_grpc.ToolServiceStub(channel)
        await _reach(stub, context)
        for _ in range(_WARM_RUNS):
            await _run(stub, context)
        own = [await _run(stub, context) for _ in range(runs)]
        rate = await _rate(stub, context)
    ready_s = await in_thread(metric_sum, target.metrics_urls(), _READY)
    backend = await _backend_times(odoo_url, runs)
    typical = Spread.of(backend)
    return ToolCost(Spread.of(own), typical, Spread.of(value - (typical.p50 or 0.0) for value in own), rate, ready_s or None)


async def _rate(stub: Any, context: common_pb2.CallContext) -> float:
    until = time.monotonic() + _RATE_S

    async def lane() -> int:
        count = 0
        while time.monotonic() < until:
            await _run(stub, context, _RATE_TOOL, calls=1)
            count += 1
        return count

    started = time.monotonic()
    counts = await all_of(*(lane() for _ in range(_LANES)))
    return sum(counts) / (time.monotonic() - started)


def _deploy(target: StackTarget, odoo_url: str) -> int:
    tools = [
        {"name": name, "kind": "code", "description": "Read customers.", "parameters": {"type": "object", "properties": {}}, "code": code}
        for name, code in ((_TOOL, _CODE), (_RATE_TOOL, _RATE_CODE))
    ]
    stage = {"name": "desk", "prompt": "Read customers.", "tools": [_TOOL, _RATE_TOOL, "end_call"]}
    fields: dict[str, Any] = {"display_name": "Bench tools", "disclosure": False, "tool_definitions": tools, "stages": [stage]}
    with target.api() as api:
        deploy_agent(api, _AGENT, fields)
        login = {"kind": "odoo", "url": odoo_url, "database": "demo", "login": "bot", "password": "odoo-key"}
        demand(api.put(f"/v1/agents/{_AGENT}/backend", json=login))
        return deploy_agent(api, _AGENT, fields)


async def _reach(stub: Any, context: common_pb2.CallContext) -> None:
    """Until the deployment has reached the sandbox. Raises NotPossible with its last words."""
    deadline = time.monotonic() + _REACH_TIMEOUT_S
    while True:
        try:
            await _run(stub, context)
        except NotPossible:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
        else:
            return


async def _run(stub: Any, context: common_pb2.CallContext, tool: str = _TOOL, *, calls: int = 3) -> float:
    request = sandbox_pb2.RunToolRequest(context=context, tool=tool, run_key=secrets.token_hex(12), args_json="{}", session_json="{}")
    started = time.perf_counter()
    try:
        reply: sandbox_pb2.RunToolReply = await stub.RunTool(request, timeout=_RUN_TIMEOUT_S)
    except grpc.aio.AioRpcError as err:
        raise NotPossible(f"{err.code().name}: {err.details()}") from err
    took_ms = (time.perf_counter() - started) * 1000
    if reply.status != sandbox_pb2.RUN_STATUS_OK or len(reply.host_calls) != calls:
        raise NotPossible(f"the tool answered {reply.error_code or reply.status}: {reply.model_text} {reply.result_json[:200]}")
    return took_ms


async def _backend_times(odoo_url: str, runs: int) -> list[float]:
    times: list[float] = []
    async with aiohttp.ClientSession() as http:
        for _ in range(runs):
            started = time.perf_counter()
            for number in (1, 2, 3):
                named = {"domain": [["id", "=", number]], "fields": ["name"], "limit": 1}
                args = ["demo", 2, "odoo-key", "res.partner", "search_read", [], named]
                body = {"jsonrpc": "2.0", "method": "call", "id": number, "params": {"service": "object", "method": "execute_kw", "args": args}}
                async with http.post(f"{odoo_url}/jsonrpc", data=json.dumps(body), headers={"Content-Type": "application/json"}) as reply:
                    await reply.read()
            times.append((time.perf_counter() - started) * 1000)
    return times
