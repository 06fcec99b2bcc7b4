"""`ProviderService`: what control-api shows of the AI providers."""

from typing import Any, NoReturn

import grpc
import orjson
import structlog
from callstage_contracts.pb.runtime.v1 import provider_pb2, provider_pb2_grpc
from callstage_domain.errors import CallstageError
from callstage_kit.grpc.status import status_of

from agent_runtime.providers.capabilities import described
from agent_runtime.providers.failures import ProviderKind
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.vendor_check import VendorChecks
from agent_runtime.providers.voice_desk import Preview, VoiceDesk

_log = structlog.get_logger(__name__)
_KINDS: tuple[ProviderKind, ...] = ("stt", "llm", "tts", "realtime")


class ProviderServicer(provider_pb2_grpc.ProviderServiceServicer):
    """The gRPC edge."""

    def __init__(self, registry: ProviderRegistry) -> None:
        self._registry = registry
        self._checks = VendorChecks(registry)
        self._desk = VoiceDesk(registry)

    async def ListProviders(self, request: provider_pb2.ListProvidersRequest, context: Any) -> provider_pb2.ListProvidersReply:  # noqa: N802
        """What there is."""
        reply = provider_pb2.ListProvidersReply()
        for kind in _KINDS:
            for name, link in self._registry.known(kind, request.tenant_id).items():
                entry = reply.providers.add(kind=kind, provider=name, is_configured=link is not None)
                if link is not None:
                    entry.breaker, entry.last_error = link.breaker.state, link.breaker.last_code or ""
                    entry.model = str(getattr(link.provider, "model", ""))
                    entry.capabilities_json = orjson.dumps(described(link.provider.capabilities)).decode()
        return reply

    async def CheckVendors(self, request: provider_pb2.CheckVendorsRequest, context: Any) -> provider_pb2.CheckVendorsReply:  # noqa: N802
        """Whether they answer."""
        found = await self._checks.check(request.tenant_id, list(request.vendors))
        return provider_pb2.CheckVendorsReply(
            vendors=[
                provider_pb2.VendorHealth(
                    vendor=health.vendor,
                    is_healthy=health.is_healthy,
                    latency_ms=health.latency_ms,
                    error=health.error,
                    is_own_key=health.is_own_key,
                )
                for health in found
            ]
        )

    async def ListVoices(self, request: provider_pb2.ListVoicesRequest, context: Any) -> provider_pb2.ListVoicesReply:  # noqa: N802
        """Voices by provider."""
        voices, failed = await self._desk.voices(request.tenant_id, request.provider or None)
        entries = [
            provider_pb2.VoiceEntry(provider=provider, voice=voice.id, name=voice.name, language=voice.language, gender=voice.gender)
            for provider, found in voices.items()
            for voice in found
        ]
        return provider_pb2.ListVoicesReply(voices=entries, failures=failed)

    async def PreviewVoice(self, request: provider_pb2.PreviewVoiceRequest, context: Any) -> provider_pb2.PreviewVoiceReply:  # noqa: N802
        """A voice to listen to."""
        wish = Preview(request.provider, request.voice or None, request.language or "en", request.text, request.speed or 1.0, request.model or None)
        try:
            return provider_pb2.PreviewVoiceReply(wav=await self._desk.preview(request.tenant_id, wish))
        except CallstageError as err:
            await abort(context, err)


async def abort(context: Any, error: CallstageError) -> NoReturn:
    """The code of the error and how long to wait travel beside the status."""
    metadata = [("callstage-code", error.code)]
    if (wait_s := error.details.get("retry_after_s")) is not None:
        metadata.append(("callstage-retry-after-s", str(wait_s)))
    context.set_trailing_metadata(tuple(metadata))
    status: grpc.StatusCode = status_of(error)
    await context.abort(status, error.message)
    raise AssertionError("abort does not return")
