"""Proves A2 A5: voices by provider, language and gender, a preview that is audio, and the health of every provider that an agent uses."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import orjson
import pytest
from callstage_contracts.pb.runtime.v1 import provider_pb2 as pb
from callstage_contracts.pb.runtime.v1 import provider_pb2_grpc
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from control_api.in_process import InProcess, TenantAccess, in_process
from control_api.settings import ControlApiSettings

pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own

WAV = b"RIFF\xff\xfe\x00binary"


class FakeRuntime(provider_pb2_grpc.ProviderServiceServicer):
    """Says what a runtime with keys for OpenAI and ElevenLabs says."""

    def __init__(self) -> None:
        self.previews: list[pb.PreviewVoiceRequest] = []
        self.checked: list[str] = []
        self.refusal: tuple[grpc.StatusCode, str, tuple[tuple[str, str], ...]] | None = None

    async def ListProviders(self, request: pb.ListProvidersRequest, context: Any) -> pb.ListProvidersReply:  # noqa: N802
        speech = orjson.dumps({"formats": ["pcmu_8k"], "takes_ulaw": True, "is_offline": False}).decode()
        return pb.ListProvidersReply(
            providers=[
                pb.ProviderEntry(kind="llm", provider="openai", is_configured=True, breaker="open", last_error="provider_timeout", model="gpt"),
                pb.ProviderEntry(kind="tts", provider="elevenlabs", is_configured=True, breaker="closed", capabilities_json=speech),
                pb.ProviderEntry(kind="llm", provider="groq"),
                pb.ProviderEntry(kind="stt", provider="moonshine", is_configured=True, breaker="closed", capabilities_json='{"is_offline":true}'),
            ]
        )

    async def CheckVendors(self, request: pb.CheckVendorsRequest, context: Any) -> pb.CheckVendorsReply:  # noqa: N802
        self.checked = list(request.vendors)
        known = {
            "openai": pb.VendorHealth(vendor="openai", is_healthy=False, latency_ms=80, error="provider_unauthorised", is_own_key=True),
            "elevenlabs": pb.VendorHealth(vendor="elevenlabs", is_healthy=True, latency_ms=30),
        }
        return pb.CheckVendorsReply(vendors=[known[name] for name in request.vendors if name in known])

    async def ListVoices(self, request: pb.ListVoicesRequest, context: Any) -> pb.ListVoicesReply:  # noqa: N802
        voices = [
            pb.VoiceEntry(provider="elevenlabs", voice="r1", name="Rachel", language="multi", gender="female"),
            pb.VoiceEntry(provider="elevenlabs", voice="j1", name="Jorge", language="es-MX", gender="male"),
        ]
        return pb.ListVoicesReply(voices=voices, failures={"deepgram": "provider_timeout"})

    async def PreviewVoice(self, request: pb.PreviewVoiceRequest, context: Any) -> pb.PreviewVoiceReply:  # noqa: N802
        if self.refusal is not None:
            code, message, metadata = self.refusal
            context.set_trailing_metadata(metadata)
            await context.abort(code, message)
        self.previews.append(request)
        return pb.PreviewVoiceReply(wav=WAV)


@asynccontextmanager
async def _serving(runtime: FakeRuntime) -> AsyncGenerator[int]:
    def register(server: grpc.aio.Server) -> None:
        provider_pb2_grpc.add_ProviderServiceServicer_to_server(runtime, server)

    async with serve_grpc(register, Health(), "127.0.0.1", 0, stop_grace_s=0) as port:
        yield port


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()  # pyright: ignore[reportAbstractUsage]


@pytest.fixture
async def stack(make_settings: Callable[..., ControlApiSettings], runtime: FakeRuntime) -> AsyncIterator[InProcess]:
    async with _serving(runtime) as port, in_process(make_settings(runtime_target=f"127.0.0.1:{port}")) as running:
        yield running


async def test_voices_are_the_providers_own_where_they_say_and_known_ones_elsewhere(tenant: TenantAccess) -> None:
    found = (await tenant.http.get("/v1/voices")).json()
    by_provider = {voice["provider"] for voice in found["voices"]}
    assert by_provider == {"elevenlabs", "openai", "deepgram", "gemini", "espeak"}
    assert "provider_timeout" in found["notes"]["deepgram"]
    assert "elevenlabs" not in found["notes"], "its list is complete"
    spanish = (await tenant.http.get("/v1/voices?provider=elevenlabs&language=es&gender=male")).json()["voices"]
    assert spanish == [{"provider": "elevenlabs", "voice": "j1", "name": "Jorge", "language": "es-MX", "gender": "male"}]
    assert (await tenant.http.get("/v1/voices?gender=purple")).status_code == 422


async def test_a_preview_is_audio(tenant: TenantAccess, runtime: FakeRuntime) -> None:
    wish = {"provider": "elevenlabs", "voice": "r1", "language": "es", "text": "Hola", "speed": 1.2}
    reply = await tenant.http.post("/v1/voices/preview", json=wish, headers={"Idempotency-Key": "any"})
    assert (reply.status_code, reply.headers["content-type"], reply.content) == (200, "audio/wav", WAV)
    assert "max-age" in reply.headers["cache-control"]
    (asked,) = runtime.previews
    assert (asked.tenant_id, asked.voice, asked.text, asked.speed) == (tenant.id, "r1", "Hola", pytest.approx(1.2))
    for wrong in ({}, {**wish, "text": "x" * 301}, {**wish, "speed": 9}, {**wish, "language": "no such tag"}):
        assert (await tenant.http.post("/v1/voices/preview", json=wrong)).status_code == 422


@pytest.mark.parametrize(
    ("code", "metadata", "status", "problem"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, (("callstage-code", "limit_exceeded"), ("callstage-retry-after-s", "7")), 429, "limit_exceeded"),
        (grpc.StatusCode.INVALID_ARGUMENT, (("callstage-code", "provider_missing"),), 400, "provider_missing"),
        (grpc.StatusCode.UNAVAILABLE, (("callstage-code", "provider_timeout"),), 502, "provider_timeout"),
        (grpc.StatusCode.UNIMPLEMENTED, (), 502, "runtime_unavailable"),
    ],
)
async def test_a_preview_that_is_refused(
    tenant: TenantAccess, runtime: FakeRuntime, code: grpc.StatusCode, metadata: tuple[tuple[str, str], ...], status: int, problem: str
) -> None:
    runtime.refusal = (code, "no", metadata)
    reply = await tenant.http.post("/v1/voices/preview", json={"provider": "elevenlabs"})
    assert (reply.status_code // 100, reply.json()["code"]) == (status // 100, problem)
    assert reply.headers.get("retry-after") == ("7" if status == 429 else reply.headers.get("retry-after"))


async def test_health_tells_key_breaker_and_what_a_provider_can_do(tenant: TenantAccess, runtime: FakeRuntime) -> None:
    fallback = {"provider": "groq", "model": "llama"}
    agent = {"agent_id": "a", "display_name": "A", "llm": {"provider": "openai", "fallbacks": [fallback]}, "stt": {"provider": "moonshine"}}
    made = await tenant.http.post("/v1/agents", json=agent)
    assert made.status_code == 201, made.text
    assert made.json()["agent"]["llm"]["fallbacks"] == [{**fallback, "voice": None, "options": {}}]
    health = {item["provider"]: item for item in (await tenant.http.get("/v1/providers/health")).json()["providers"]}
    assert set(health) == {"openai", "groq", "moonshine", "elevenlabs"}
    openai = health["openai"]
    assert (openai["configured"], openai["reachable"], openai["error"], openai["key"]) == (True, False, "provider_unauthorised", "tenant")
    assert [(kind["kind"], kind["breaker"], kind["last_error"], kind["model"]) for kind in openai["kinds"]] == [
        ("llm", "open", "provider_timeout", "gpt")
    ]
    assert health["elevenlabs"]["kinds"][0]["capabilities"]["takes_ulaw"] is True
    assert (health["elevenlabs"]["reachable"], health["elevenlabs"]["latency_ms"], health["elevenlabs"]["used_by"]) == (True, 30, [])
    assert (health["groq"]["configured"], health["groq"]["reachable"], health["groq"]["used_by"]) == (False, None, ["a"])
    assert (health["moonshine"]["configured"], health["moonshine"]["reachable"]) == (True, None)
    narrow = (await tenant.http.get("/v1/providers/health?agent_id=a")).json()["providers"]
    assert [item["provider"] for item in narrow] == ["elevenlabs", "groq", "moonshine", "openai"], "its voice is left to the platform"
    assert (await tenant.http.get("/v1/providers/health?agent_id=nobody")).status_code == 404


async def test_fallbacks_are_changed_and_cleared_by_a_patch(tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A", "llm": {"provider": "openai"}})
    wish = {"llm": {"fallbacks": [{"provider": "groq"}]}, "tts": {"fallbacks": [{"provider": "openai", "voice": "ash"}]}}
    changed = (await tenant.http.patch("/v1/agents/a", json=wish)).json()["agent"]
    assert [choice["provider"] for choice in changed["llm"]["fallbacks"]] == ["groq"]
    assert (changed["llm"]["provider"], changed["tts"]["fallbacks"][0]["voice"]) == ("openai", "ash")
    assert (await tenant.http.patch("/v1/agents/a", json={"llm": {"fallbacks": None}})).json()["agent"]["llm"]["fallbacks"] is None
    assert (await tenant.http.patch("/v1/agents/a", json={"llm": {"fallbacks": [{"provider": "groq"}] * 6}})).status_code == 422


async def test_without_a_runtime_known_voices_and_addresses_are_what_there_is(make_settings: Callable[..., ControlApiSettings]) -> None:
    async with in_process(make_settings(runtime_target="127.0.0.1:1")) as alone:
        tenant = await alone.tenant()
        voices = (await tenant.http.get("/v1/voices?provider=openai")).json()["voices"]
        assert {"provider": "openai", "voice": "alloy", "name": "alloy", "language": "multi", "gender": "neutral"} in voices
        refused = await tenant.http.post("/v1/voices/preview", json={"provider": "openai"})
        assert (refused.status_code // 100, refused.json()["code"]) == (5, "runtime_unavailable")
        assert (await tenant.http.get("/v1/providers/health")).json() == {"providers": []}
