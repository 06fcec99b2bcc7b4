"""Proves MT1 in part: spans reach a collector over OTLP/HTTP as one trace per call, from whichever process; without one nothing is loaded."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from callstage_domain.ids import new_call_id, trace_id_of
from callstage_kit.settings import ServiceSettings
from callstage_kit.telemetry.traces import NO_TRACES, CallSpan, open_traces
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

START_NS = 1_760_000_000_000_000_000


class Collector(BaseHTTPRequestHandler):
    """Takes OTLP over HTTP as a real one does."""

    requests: ClassVar[list[tuple[str, dict[str, str], ExportTraceServiceRequest]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.requests.append((self.path, dict(self.headers.items()), ExportTraceServiceRequest.FromString(body)))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        return


@pytest.fixture
def collector() -> Iterator[str]:
    Collector.requests.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def _settings(**changes: Any) -> ServiceSettings:
    return ServiceSettings.model_validate({"master_keys": "k1:" + "A" * 43 + "=", "instance": "i-1", **changes})


def _spans() -> list[Span]:
    return [
        span for _, _, request in Collector.requests for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
    ]


def _turn(call: str) -> CallSpan:
    llm = CallSpan("llm", START_NS + 10, START_NS + 20, {"gen_ai.provider.name": "openai"})
    tool = CallSpan("tool", START_NS + 20, START_NS + 30, {"callstage.tool": call}, is_error=True)
    return CallSpan("turn", START_NS, START_NS + 40, {"callstage.turn": 1, "callstage.was_interrupted": False}, (llm, tool))


async def test_two_processes_tell_one_trace(collector: str) -> None:
    call_id = new_call_id()
    for instance in ("i-1", "i-2"):
        async with open_traces(
            "agent-runtime", _settings(otlp_endpoint=collector + "/", otlp_headers="x-key=a=b, x-other = c", instance=instance)
        ) as traces:
            assert traces.is_on
            traces.add(call_id, _turn("buy"))
            if instance == "i-2":
                traces.add(call_id, CallSpan("call", START_NS - 5, START_NS + 50, {"callstage.fault": "nobody"}), is_root=True)

    assert {path for path, _, _ in Collector.requests} == {"/v1/traces"}
    headers = {name.lower(): value for name, value in Collector.requests[0][1].items()}
    assert (headers["content-type"], headers["x-key"], headers["x-other"]) == ("application/x-protobuf", "a=b", "c")
    resources = [
        {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
        for _, _, request in Collector.requests
        for resource in request.resource_spans
    ]
    assert {resource["service.name"] for resource in resources} == {"callstage-agent-runtime"}
    assert {resource["service.instance.id"] for resource in resources} == {"i-1", "i-2"}

    spans = _spans()
    assert {span.trace_id.hex() for span in spans} == {trace_id_of(call_id)} == {call_id.replace("-", "")}
    (root,) = [span for span in spans if span.name == "call"]
    assert root.parent_span_id == b""
    assert (root.start_time_unix_nano, root.end_time_unix_nano) == (START_NS - 5, START_NS + 50)
    turns = [span for span in spans if span.name == "turn"]
    assert [span.parent_span_id for span in turns] == [root.span_id] * 2
    assert {span.span_id for span in turns} == {span.parent_span_id for span in spans if span.name in ("llm", "tool")}
    assert len({span.span_id for span in spans}) == 7
    assert {span.status.code for span in spans if span.name == "tool"} == {Status.STATUS_CODE_ERROR}
    assert {span.status.code for span in spans if span.name == "llm"} == {Status.STATUS_CODE_UNSET}


async def test_a_collector_that_is_away_costs_spans_and_nothing_else() -> None:
    async with open_traces("agent-runtime", _settings(otlp_endpoint="http://127.0.0.1:1")) as traces:
        for _ in range(100):
            traces.add(new_call_id(), _turn("buy"))
    assert traces.is_on


async def test_without_an_endpoint_there_is_no_tracing() -> None:
    async with open_traces("agent-runtime", _settings()) as traces:
        assert traces is NO_TRACES
        assert not traces.is_on


def test_without_an_endpoint_nothing_is_imported() -> None:
    # redis-py imports the metrics part of the SDK wherever it finds one.
    code = (
        "import callstage_kit.lifecycle, callstage_kit.telemetry.traces, callstage_kit.redis.connection, sys; "
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk.trace', 'opentelemetry.exporter'))])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert shown.stdout.strip() == "[]"


def test_a_log_line_that_names_a_call_names_its_trace() -> None:
    call_id = new_call_id()
    code = (
        "import structlog\n"
        "from callstage_kit.settings import ServiceSettings\n"
        "from callstage_kit.telemetry.logs import configure_logs\n"
        f"configure_logs('x', ServiceSettings(master_keys='k1:{'A' * 43}='))\n"
        f"structlog.get_logger().info('call_ended', call_id='{call_id}')\n"
        "structlog.get_logger().info('service_started')\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    lines = [json.loads(line) for line in shown.stderr.splitlines()]
    assert [line.get("trace_id") for line in lines] == [trace_id_of(call_id), None]
