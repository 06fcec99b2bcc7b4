"""One OpenTelemetry trace per call (rule MT1), over OTLP/HTTP. Off unless an endpoint is set: then the exporter is not even imported.

Spans are made after the fact from moments that are measured anyway, so a running call carries no tracing state. The trace id is the call id.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog
from callstage_domain.ids import trace_id_of

from callstage_kit.settings import ServiceSettings
from callstage_kit.tasks import in_thread

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

_log = structlog.get_logger(__name__)
_CLOSE_TIMEOUT_S = 5.0
_EXPORT_TIMEOUT_S = 3.0
"""One batch with all its repeats; then it is dropped."""
_QUEUE_SPANS = 4096
_BATCH_SPANS = 512
_EXPORT_EVERY_MS = 2000

AttributeValue = str | bool | int | float


@dataclass(frozen=True, slots=True)
class CallSpan:
    """A finished piece of a call; times are Unix nanoseconds. `children` lie below it."""

    name: str
    start_ns: int
    end_ns: int
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue])
    children: Sequence[CallSpan] = ()
    is_error: bool = False


class Traces(Protocol):
    """Where spans go; never blocks, never fails."""

    @property
    def is_on(self) -> bool:
        """False: nobody wants spans, do not make them."""
        ...

    def add(self, call_id: str, span: CallSpan, *, is_root: bool = False) -> None:
        """A piece of the call's trace. The root is the call itself; everything else lies below it, whichever process tells it first."""
        ...


class NoTraces:
    """Tracing is off."""

    is_on = False

    def add(self, call_id: str, span: CallSpan, *, is_root: bool = False) -> None:
        """Nothing."""


NO_TRACES = NoTraces()


@asynccontextmanager
async def open_traces(service: str, settings: ServiceSettings) -> AsyncGenerator[Traces]:
    """Spans go to the collector while entered; what waits is sent on leaving, at most five seconds long."""
    if not settings.otlp_endpoint:
        yield NO_TRACES
        return
    traces = await in_thread(_otlp_traces, service, settings)
    try:
        yield traces
    finally:
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await in_thread(traces.close)
        except TimeoutError:
            _log.warning("traces_left_behind")


class OtlpTraces:
    """Gives spans to the SDK's batch processor, which exports from a thread of its own and drops what does not fit."""

    is_on = True

    def __init__(self, provider: TracerProvider, force: Callable[[int, int | None], None]) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("callstage")
        self._force = force

    def add(self, call_id: str, span: CallSpan, *, is_root: bool = False) -> None:
        """Made and ended at once."""
        trace_id = int(trace_id_of(call_id), 16)
        root_id = _root_span_id(call_id)
        if is_root:
            self._make(span, trace_id, None, root_id)
        else:
            self._make(span, trace_id, root_id, None)

    def close(self) -> None:
        """Send what waits. Blocking."""
        self._provider.shutdown()

    def _make(self, span: CallSpan, trace_id: int, parent_id: int | None, own_id: int | None) -> None:
        from opentelemetry import trace

        context = None
        if parent_id is not None:
            parent = trace.SpanContext(trace_id, parent_id, is_remote=True, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED))
            context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
        self._force(trace_id, own_id)
        made = self._tracer.start_span(span.name, context=context, start_time=span.start_ns, attributes=dict(span.attributes))
        if span.is_error:
            made.set_status(trace.StatusCode.ERROR)
        made.end(span.end_ns)
        for child in span.children:
            self._make(child, trace_id, made.get_span_context().span_id, None)


def _root_span_id(call_id: str) -> int:
    """Known to every process of the call without being told."""
    return int.from_bytes(hashlib.sha256(f"root:{call_id}".encode()).digest()[:8], "big") or 1


def _otlp_traces(service: str, settings: ServiceSettings) -> OtlpTraces:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    pairs = (pair.partition("=") for pair in settings.otlp_headers.get_secret_value().split(","))
    headers = {name.strip(): value.strip() for name, separator, value in pairs if separator}
    endpoint = settings.otlp_endpoint.rstrip("/") + "/v1/traces"
    return traces_to(OTLPSpanExporter(endpoint=endpoint, headers=headers, timeout=_EXPORT_TIMEOUT_S), service, instance=settings.instance)


def traces_to(exporter: SpanExporter, service: str, *, instance: str = "") -> OtlpTraces:
    """Traces over any exporter of the SDK."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    class CallIds(IdGenerator):
        """The ids that were ordered for the next span; random ones otherwise."""

        def __init__(self) -> None:
            self._random = RandomIdGenerator()
            self._trace_id: int | None = None
            self._span_id: int | None = None

        def order(self, trace_id: int, span_id: int | None) -> None:
            self._trace_id, self._span_id = trace_id, span_id

        def generate_trace_id(self) -> int:
            return self._trace_id or self._random.generate_trace_id()

        def generate_span_id(self) -> int:
            span_id, self._span_id = self._span_id, None
            return span_id or self._random.generate_span_id()

    ids = CallIds()
    # The SDK would read OTEL_* variables for the rest; what decides here are our own settings.
    resource = Resource({"service.name": f"callstage-{service}", "service.instance.id": instance})
    provider = TracerProvider(resource=resource, id_generator=ids, sampler=ALWAYS_ON, shutdown_on_exit=False)
    provider.add_span_processor(
        BatchSpanProcessor(exporter, max_queue_size=_QUEUE_SPANS, max_export_batch_size=_BATCH_SPANS, schedule_delay_millis=_EXPORT_EVERY_MS)
    )
    return OtlpTraces(provider, ids.order)
