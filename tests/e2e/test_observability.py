"""Proves MT1, MT2, AC5, K3, K5 on the real stack: after a call every service says how it is, what it did, how long it took; nothing more."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from callstage_testing.stack import Stack
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import speech
from tests.platform_steps import eventually, has_ended, record_of

CALLER = "+12025550193"
SERVICES = {"control-api", "media-gateway", "agent-runtime", "tool-sandbox", "email-poller"}
PARTS = {"endpointing", "stt", "llm_first_token", "llm_first_sentence", "tools", "tts_first_byte", "transport", "total"}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{16}|ses_|ten_|\+\d{6}|@|CA[0-9a-f]{8}")


async def _metrics(stack: Stack, name: str) -> list[Metric]:
    """All families of all instances of a service."""
    found: list[Metric] = []
    async with httpx2.AsyncClient(timeout=5) as client:
        for url in stack.metrics_urls(name):
            found += text_string_to_metric_families((await client.get(url)).text)
    return found


def _sum(families: list[Metric], sample: str, **labels: str) -> float:
    """Of all samples of that name that have these labels."""
    samples = itertools.chain.from_iterable(family.samples for family in families)
    return sum(item.value for item in samples if item.name == sample and labels.items() <= item.labels.items())


async def _active(stack: Stack) -> tuple[float, float]:
    gateways, runtimes = await _metrics(stack, "media-gateway"), await _metrics(stack, "agent-runtime")
    return _sum(gateways, "callstage_active_calls", channel="twilio"), _sum(runtimes, "callstage_active_calls", channel="twilio")


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the first test learned, for those after it."""
    return {}


async def test_a_call_counts_while_it_runs_and_its_parts_are_measured(stack: Stack, api: httpx2.AsyncClient, told: dict[str, Any]) -> None:
    before = {name: await _metrics(stack, name) for name in ("agent-runtime", "media-gateway", "tool-sandbox")}

    async def idle() -> bool:
        return await _active(stack) == (0, 0)

    await eventually(idle, what="the end of earlier calls")
    async with stack.twilio() as twilio, twilio.call(from_=CALLER, to=stack.dev["number"]) as call:
        await call.wait_for_agent_speech(10)
        assert await _active(stack) == (1, 1)
        await call.wait_for_agent_silence(600, 20)
        for phrase in ("order_three_pizzas", "my_name_is_anna"):
            said = await call.say(speech(phrase))
            await call.wait_for_agent_speech(15, after=said.speech_ended_at)
            await call.wait_for_agent_silence(700, 25)
        await call.hang_up()
        told["record"] = await record_of(api, call.call_id, until=has_ended)
    await eventually(idle, what="the end of the call in the metrics")

    after = {name: await _metrics(stack, name) for name in before}

    def grew(service: str, sample: str, **labels: str) -> float:
        return _sum(after[service], sample, **labels) - _sum(before[service], sample, **labels)

    measured = [part for part in PARTS if sum(grew(service, "callstage_response_seconds_count", part=part) for service in after) > 0]
    assert set(measured) == PARTS
    for part in PARTS:
        total_s = sum(grew(service, "callstage_response_seconds_sum", part=part) for service in after)
        count = sum(grew(service, "callstage_response_seconds_count", part=part) for service in after)
        assert 0 <= total_s / count < 8, f"{part}: {total_s / count} s on average"
    assert grew("tool-sandbox", "callstage_tool_runs_total", kind="code", outcome="ok") >= 2
    assert grew("media-gateway", "callstage_call_setup_seconds_count") >= 1
    assert grew("media-gateway", "callstage_calls_total", channel="twilio") + grew("agent-runtime", "callstage_calls_total", channel="twilio") >= 1


def test_the_record_has_times_in_order_and_latency_by_part(told: dict[str, Any]) -> None:
    record = told["record"]
    lines = record["transcript"]
    assert [line["started_at_ms"] for line in lines] == sorted(line["started_at_ms"] for line in lines)
    assert all(0 <= line["started_at_ms"] <= line["ended_at_ms"] <= record["duration_ms"] + 1000 for line in lines)
    answers = [line["latency"] for line in lines if line["role"] == "assistant" and line["latency"] and "response_ms" in line["latency"]]
    assert len(answers) >= 2
    for latency in answers:
        assert {"endpointing_ms", "llm_first_token_ms", "tts_first_byte_ms", "response_ms"} <= set(latency)
        assert all(0 <= value <= 10_000 for value in latency.values())
        assert latency["response_ms"] >= max(latency["llm_first_token_ms"], latency["tts_first_byte_ms"])
    assert record["caller_phone"] == CALLER
    assert record["started_at"] <= record["answered_at"] <= record["ended_at"]


async def test_every_process_answers_health_readiness_and_metrics(stack: Stack) -> None:
    services = stack.dev["services"]
    assert {service["name"] for service in services} == SERVICES
    async with httpx2.AsyncClient(timeout=5) as client:
        for service in services:
            assert (await client.get(service["health_url"])).status_code == 200
            ready = await client.get(service["ready_url"])
            assert ready.status_code == 200, f"{service['instance']}: {ready.text}"
            metrics = await client.get(service["metrics_url"])
            assert metrics.headers["content-type"].startswith("text/plain")
            assert "callstage_event_loop_lag_seconds_count" in metrics.text
        public = (stack.dev["control_api"], stack.dev["media_gateway"])
        for base in public:
            assert [(await client.get(base + path)).status_code for path in ("/healthz", "/readyz")] == [200, 200]


async def test_labels_hold_no_ids(stack: Stack) -> None:
    for name in SERVICES:
        for family in await _metrics(stack, name):
            if family.name.startswith("callstage_"):
                values = {value for sample in family.samples for label, value in sample.labels.items() if label != "le"}
                assert not [value for value in values if _ID.search(value)], family.name
                assert len(values) < 40, f"{family.name} has labels from an open set: {sorted(values)}"


def _grpc_ports(pid: int) -> Iterator[int]:
    """Ports on which a process listens (Linux)."""
    inodes = set[str]()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(handle.readlink().name.removeprefix("socket:[").rstrip("]"))
        except OSError:
            continue
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                yield int(fields[1].rpartition(":")[2], 16)


@pytest.mark.parametrize("name", ["agent-runtime", "tool-sandbox"])
async def test_grpc_health_is_serving(stack: Stack, name: str) -> None:
    for service in stack.dev["services"]:
        if service["name"] != name:
            continue
        admin = int(service["health_url"].split(":")[2].split("/")[0])
        ports = sorted(set(_grpc_ports(service["pid"])) - {admin})
        assert [status for port in ports if (status := await _grpc_status(port)) is not None] == [health_pb2.HealthCheckResponse.SERVING]


async def _grpc_status(port: int) -> int | None:
    """None when nobody speaks gRPC there."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            check: Any = getattr(health_pb2_grpc.HealthStub(channel), "Check")  # noqa: B009  # the stub has no types
            reply = await check(health_pb2.HealthCheckRequest(), timeout=2)
        except (grpc.aio.AioRpcError, DecodeError):
            return None
    status: int = reply.status
    return status


def test_logs_hold_nothing_personal_and_no_secret(stack: Stack, told: dict[str, Any]) -> None:
    secrets = json.loads((stack.home / "secrets.json").read_text())
    hidden = {f"secret {name}": str(value) for name, value in secrets.items() if name != "twilio_account_sid"}
    hidden |= {f"key {number}": pair.partition(":")[2] for number, pair in enumerate(secrets["master_keys"].split(","))}
    hidden |= {"the caller's number": CALLER, "the caller's digits": CALLER.lstrip("+")}
    spoken = [line["text"] for line in told["record"]["transcript"] if len(line["text"]) > 12]
    assert spoken
    hidden |= {f"line {number} of the transcript": text for number, text in enumerate(spoken)}
    hidden |= {"an argument of a tool": "customer_name"}
    logs = sorted((stack.home / "logs").glob("*.log"))
    assert {log.stem.rstrip("-0123456789") for log in logs} >= SERVICES
    for log in logs:
        text = log.read_text(errors="replace")
        found = [what for what, value in hidden.items() if value.lower() in text.lower()]
        assert not found, f"{log.name} holds {found}"
        assert "Traceback (most recent call last)" not in text, f"{log.name}: {text[text.index('Traceback') :][:3000]}"
