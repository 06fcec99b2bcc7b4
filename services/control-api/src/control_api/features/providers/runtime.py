"""agent-runtime as seen from here: it alone holds providers, their keys in use and their breakers (rule A5)."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
import orjson
from callstage_contracts.pb.runtime.v1 import provider_pb2, provider_pb2_grpc
from callstage_domain.errors import CallerError, CallstageError, DependencyError, LimitExceeded, NotFound

T = TypeVar("T")
_TIMEOUT_S = 5.0
_VOICES_TIMEOUT_S = 10.0
_PREVIEW_TIMEOUT_S = 20.0
_AWAY = "runtime_unavailable"


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """One kind of provider of one vendor, or one offline engine; see `ProviderEntry` on the wire."""

    kind: str
    provider: str
    is_configured: bool
    breaker: str = ""
    last_error: str = ""
    model: str = ""
    capabilities: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """Whether a vendor answered just now."""

    vendor: str
    is_healthy: bool
    latency_ms: int
    error: str
    is_own_key: bool


@dataclass(frozen=True, slots=True)
class LiveVoice:
    """A voice that a provider lists."""

    provider: str
    voice: str
    name: str
    language: str
    gender: str


class RuntimeClient:
    """Every method raises DependencyError(runtime_unavailable) when no agent-runtime answers."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = provider_pb2_grpc.ProviderServiceStub(channel)

    async def providers(self, tenant_id: str) -> list[KnownProvider]:
        """All that agents of the tenant may name."""
        request = provider_pb2.ListProvidersRequest(tenant_id=tenant_id)
        reply: provider_pb2.ListProvidersReply = await answered(self._stub.ListProviders(request, timeout=_TIMEOUT_S))
        return [
            KnownProvider(
                entry.kind,
                entry.provider,
                entry.is_configured,
                entry.breaker,
                entry.last_error,
                entry.model,
                orjson.loads(entry.capabilities_json or "{}"),
            )
            for entry in reply.providers
        ]

    async def check(self, tenant_id: str, vendors: list[str]) -> dict[str, VendorAnswer]:
        """By name, of those that have a key."""
        request = provider_pb2.CheckVendorsRequest(tenant_id=tenant_id, vendors=vendors)
        reply: provider_pb2.CheckVendorsReply = await answered(self._stub.CheckVendors(request, timeout=_TIMEOUT_S))
        return {
            health.vendor: VendorAnswer(health.vendor, health.is_healthy, health.latency_ms, health.error, health.is_own_key)
            for health in reply.vendors
        }

    async def voices(self, tenant_id: str, provider: str | None) -> tuple[list[LiveVoice], dict[str, str]]:
        """Voices; and of providers that could not say, why."""
        request = provider_pb2.ListVoicesRequest(tenant_id=tenant_id, provider=provider or "")
        reply: provider_pb2.ListVoicesReply = await answered(self._stub.ListVoices(request, timeout=_VOICES_TIMEOUT_S))
        return [LiveVoice(voice.provider, voice.voice, voice.name, voice.language, voice.gender) for voice in reply.voices], dict(reply.failures)

    async def preview(self, request: provider_pb2.PreviewVoiceRequest) -> bytes:
        """A WAV file. Raises CallerError, LimitExceeded or DependencyError as agent-runtime does."""
        reply: provider_pb2.PreviewVoiceReply = await answered(self._stub.PreviewVoice(request, timeout=_PREVIEW_TIMEOUT_S))
        return reply.wav


async def answered(call: Any) -> Any:
    """The reply, or our own error for what it failed with."""
    waiting: Awaitable[Any] = call
    try:
        return await waiting
    except grpc.aio.AioRpcError as err:
        raise _error_of(err) from err


def _error_of(err: grpc.aio.AioRpcError) -> CallstageError:
    said = {key: str(value) for key, value in (err.trailing_metadata() or ())}
    code, message = said.get("callstage-code"), err.details() or ""
    if code is None:
        return DependencyError("agent-runtime, which knows the AI providers, is not available right now", vendor="agent-runtime", code=_AWAY)
    if err.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return LimitExceeded(message, code=code, details={"retry_after_s": int(said.get("callstage-retry-after-s", "1"))})
    if err.code() is grpc.StatusCode.NOT_FOUND:
        return NotFound(message, code=code)
    if err.code() is grpc.StatusCode.INVALID_ARGUMENT:
        return CallerError(message, code=code)
    return DependencyError(message, vendor="agent-runtime", code=code)
