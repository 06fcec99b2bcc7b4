"""What is measured: the five services, or the floor bot that calibrates the harness."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import httpx2

from callstage_testing.bench.child import running_module
from callstage_testing.bench.fakes_process import FakeVendors
from callstage_testing.bench.plan import GREETING, VAD_STOP_MS, BenchPlan
from callstage_testing.stack import Stack, running_stack

_AGENT = "bench-line"
_NUMBER = "+12025559000"
_MAX_CALLS = 400


class Target(Protocol):
    """A gateway that takes Twilio calls, with its processes."""

    webhook_url: str
    auth_token: str
    account_sid: str
    number: str

    def services(self) -> Mapping[str, list[int]]:
        """Process ids by service."""
        ...

    def servers(self) -> Mapping[str, list[int]]:
        """Process ids of databases and brokers."""
        ...

    def metrics_urls(self) -> list[str]: ...


class StackTarget:
    """`callstage up` with the bench agent deployed and its number routed."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        dev = stack.dev
        self.webhook_url = f"{dev['media_gateway']}/api/twilio/voice"
        self.auth_token: str = dev["twilio_auth_token"]
        self.account_sid: str = dev["twilio_account_sid"]
        self.number = _NUMBER

    def services(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for service in self.stack.dev["services"]:
            found.setdefault(service["name"], []).append(service["pid"])
        return found

    def servers(self) -> Mapping[str, list[int]]:
        return {name: [pid] for name, pid in self.stack.dev["servers"].items()}

    def metrics_urls(self) -> list[str]:
        return [service["metrics_url"] for service in self.stack.dev["services"]]

    def api(self) -> httpx2.Client:
        """The REST API as the tenant's owner."""
        dev = self.stack.dev
        return httpx2.Client(base_url=dev["control_api"], headers={"x-api-key": dev["api_key"]}, timeout=20)

    def prepare(self, endpointing: str = "") -> None:
        """Agent and number. Raises RuntimeError with the API's own words."""
        agent: dict[str, Any] = {
            "display_name": "Bench",
            "language": "en",
            "disclosure": False,
            "speak_first": True,
            "greeting": GREETING,
            "silence_threshold_ms": int(VAD_STOP_MS),
            "max_duration_s": 3600,
            "idle_timeout_s": 120,
            "stt": {"options": {"endpointing": endpointing} if endpointing else {}},
            "system_prompt": "You answer the bench line. The caller's number is {caller_phone}.",
        }
        with self.api() as api:
            deploy_agent(api, _AGENT, agent)
            numbers = demand(api.get("/v1/numbers"))["numbers"]
            if not any(number["number"] == _NUMBER for number in numbers):
                demand(api.post("/v1/numbers", json={"number": _NUMBER, "inboundRoute": "ai_agent", "routeTarget": _AGENT}))


def deploy_agent(api: httpx2.Client, agent_id: str, fields: dict[str, Any]) -> int:
    """Create or change the agent and deploy it; returns the deployment's number. Raises RuntimeError."""
    if api.get(f"/v1/agents/{agent_id}").status_code == 404:
        demand(api.post("/v1/agents", json={"agent_id": agent_id, "channel": "voice", **fields}))
    else:
        demand(api.patch(f"/v1/agents/{agent_id}", json=fields))
    return int(demand(api.post(f"/v1/agents/{agent_id}/deploy", json={}))["deployment"])


def demand(reply: httpx2.Response) -> dict[str, Any]:
    """The body of a success. Raises RuntimeError with the API's own words."""
    if reply.status_code >= 400:
        raise RuntimeError(f"{reply.request.method} {reply.request.url.path} answered {reply.status_code}: {reply.text[:500]}")
    return reply.json() if reply.content else {}


class FloorTarget:
    """The floor bot's process."""

    auth_token = "floor"
    account_sid = "AC" + "0" * 32
    number = _NUMBER

    def __init__(self, pid: int, webhook_url: str) -> None:
        self._pid = pid
        self.webhook_url = webhook_url

    def services(self) -> Mapping[str, list[int]]:
        return {"floor": [self._pid]}

    def servers(self) -> Mapping[str, list[int]]:
        return {}

    def metrics_urls(self) -> list[str]:
        return []


@contextmanager
def stack_target(plan: BenchPlan, vendors: FakeVendors) -> Generator[StackTarget]:
    """The services against the fakes. Raises RuntimeError when they do not start or refuse the agent."""
    env = {
        **vendors.environment(),
        "CALLSTAGE_LOG_LEVEL": "WARNING",
        "CALLSTAGE_OFFLINE_FALLBACK": "false",
        "CALLSTAGE_MAX_CALLS": str(_MAX_CALLS),
        "CALLSTAGE_POLL_INTERVAL_S": "30",
    }
    with running_stack(plan.home, runtimes=plan.runtimes, gateways=plan.gateways, env=env) as stack:
        target = StackTarget(stack)
        target.prepare(plan.endpointing)
        # A deploy reaches the data plane within two seconds.
        time.sleep(2.0)
        yield target


@contextmanager
def floor_target(vendors: FakeVendors) -> Generator[FloorTarget]:
    """The floor bot against the fakes."""
    with running_module("callstage_testing.bench.floor", [json.dumps(vendors.environment())]) as child:
        yield FloorTarget(child.pid, child.first_line)
