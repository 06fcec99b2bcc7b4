"""Proves A5: over real gRPC, the health of vendors with the key in use, voices by provider, previews that are cached, bounded and limited."""

import io
import wave
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import orjson
import pytest
from agent_runtime.providers import voice_desk
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.settings import ProviderSettings
from agent_runtime.providers.vendor_check import VendorChecks
from agent_runtime.rpc.provider_servicer import ProviderServicer
from callstage_contracts.buckets import ProviderKey, provider_aad
from callstage_contracts.pb.runtime.v1 import provider_pb2 as pb
from callstage_contracts.pb.runtime.v1 import provider_pb2_grpc
from callstage_domain.ids import TenantId
from callstage_kit.crypto import SecretBox
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from callstage_testing.fakes.anthropic import FakeAnthropic
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.gemini import FakeGemini
from callstage_testing.fakes.openai import FakeOpenAI

pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own
VENDORS = ("openai", "anthropic", "elevenlabs", "deepgram", "gemini")


@asynccontextmanager
async def serving(keys: dict[str, ProviderKey] | None = None, box: SecretBox | None = None) -> AsyncGenerator[tuple[Any, dict[str, Any]], None]:
    """A stub to a servicer over the fakes of all vendors, whose platform key is `k`."""
    async with AsyncExitStack() as stack:
        kinds = {"openai": FakeOpenAI, "anthropic": FakeAnthropic, "elevenlabs": FakeElevenLabs, "deepgram": FakeDeepgram, "gemini": FakeGemini}
        fakes: dict[str, Any] = {name: await stack.enter_async_context(kind(api_key="k")) for name, kind in kinds.items()}
        values = {f"{name}_api_key": "k" for name in fakes} | {f"{name}_base_url": fake.url for name, fake in fakes.items()}
        settings = ProviderSettings(**values, provider_connect_timeout_s=1.0, provider_first_byte_timeout_s=1.0)  # type: ignore[arg-type]
        registry = await stack.enter_async_context(ProviderRegistry(settings, keys, box))

        def register(server: grpc.aio.Server) -> None:
            provider_pb2_grpc.add_ProviderServiceServicer_to_server(ProviderServicer(registry), server)

        port = await stack.enter_async_context(serve_grpc(register, Health(), "127.0.0.1", 0, stop_grace_s=0))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
        yield provider_pb2_grpc.ProviderServiceStub(channel), fakes


async def test_every_provider_says_what_it_can_do() -> None:
    async with serving() as (stub, _):
        reply: pb.ListProvidersReply = await stub.ListProviders(pb.ListProvidersRequest(tenant_id="t1"))
    entries = {(entry.kind, entry.provider): entry for entry in reply.providers}
    assert entries["llm", "groq"].is_configured is False
    openai = entries["llm", "openai"]
    assert (openai.is_configured, openai.breaker, openai.last_error, openai.model) == (True, "closed", "", "gpt-5.4-mini")
    assert orjson.loads(openai.capabilities_json)["tools"] is True
    eleven = orjson.loads(entries["tts", "elevenlabs"].capabilities_json)
    assert (eleven["takes_ulaw"], eleven["word_times"], eleven["speed_range"], eleven["languages"]) == (True, True, [0.7, 1.2], None)
    moonshine = orjson.loads(entries["stt", "moonshine"].capabilities_json)
    assert (moonshine["is_offline"], moonshine["languages"]) == (True, ["en"])


async def test_health_is_asked_with_the_key_in_use_and_kept_for_some_seconds() -> None:
    box = SecretBox({"k": b"0" * 32})
    own = ProviderKey(tenant_id=TenantId("t1"), provider="openai", api_key_sealed=box.seal("sk-old", provider_aad("t1", "openai")))
    async with serving({"t1.openai": own}, box) as (stub, fakes):
        fakes["elevenlabs"].faults.add(Fault(status=503))
        fakes["deepgram"].faults.add(Fault(drop_before=True), times=None)
        fakes["gemini"].faults.add(Fault(status=403))
        request = pb.CheckVendorsRequest(tenant_id="t1", vendors=[*VENDORS, "groq", "martian", "openai"])
        reply: pb.CheckVendorsReply = await stub.CheckVendors(request)
        found = {health.vendor: (health.is_healthy, health.error, health.is_own_key) for health in reply.vendors}
        assert found == {
            "openai": (False, "provider_unauthorised", True),
            "anthropic": (True, "", False),
            "elevenlabs": (False, "provider_failed", False),
            "deepgram": (False, "provider_disconnected", False),
            "gemini": (True, "", False),
        }
        again: pb.CheckVendorsReply = await stub.CheckVendors(request)
        assert [health.error for health in again.vendors] == [health.error for health in reply.vendors]
        asked = [name for name in VENDORS if name != "deepgram"]
        assert [len(fakes[name].requests) for name in asked] == [1, 1, 1, 1], "the second answer was kept"
        other: pb.CheckVendorsReply = await stub.CheckVendors(pb.CheckVendorsRequest(tenant_id="t2", vendors=["openai"]))
        assert [(health.is_healthy, health.is_own_key) for health in other.vendors] == [(True, False)], "another tenant has the platform's key"


async def test_a_vendor_that_does_not_answer_is_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeOpenAI(api_key="k") as fake:
        fake.faults.add(Fault(delay_s=30))
        settings = ProviderSettings(openai_api_key="k", openai_base_url=fake.url, provider_first_byte_timeout_s=0.2)  # type: ignore[arg-type]
        async with ProviderRegistry(settings) as registry:
            (health,) = await VendorChecks(registry).check("t1", ["openai"])
    assert (health.is_healthy, health.error) == (False, "provider_timeout")


async def test_voices_of_everybody_who_can_say() -> None:
    async with serving() as (stub, fakes):
        fakes["deepgram"].faults.add(Fault(status=503))
        reply: pb.ListVoicesReply = await stub.ListVoices(pb.ListVoicesRequest(tenant_id="t1"))
        voices = {(voice.provider, voice.voice): voice for voice in reply.voices}
        assert voices["elevenlabs", "rachel"].name == "Rachel"
        assert (voices["openai", "ash"].language, voices["openai", "ash"].gender) == ("multi", "male")
        assert dict(reply.failures) == {"deepgram": "provider_failed"}
        only: pb.ListVoicesReply = await stub.ListVoices(pb.ListVoicesRequest(tenant_id="t1", provider="deepgram"))
        assert {voice.provider for voice in only.voices} == {"deepgram"}
        before = len(fakes["deepgram"].requests)
        await stub.ListVoices(pb.ListVoicesRequest(tenant_id="t1", provider="deepgram"))
        assert len(fakes["deepgram"].requests) == before, "a list is kept"


async def test_a_preview_is_made_once_and_by_nobody_else() -> None:
    async with serving() as (stub, fakes):
        wish = pb.PreviewVoiceRequest(tenant_id="t1", provider="elevenlabs", voice="adam", language="es-MX", speed=1.0)
        reply: pb.PreviewVoiceReply = await stub.PreviewVoice(wish)
        with wave.open(io.BytesIO(reply.wav)) as wav:
            assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (24_000, 1, 2)
            assert wav.getnframes() / 24_000 > 2
        assert fakes["elevenlabs"].requests[-1].json["text"].startswith("Hola")
        assert "/adam/" in fakes["elevenlabs"].requests[-1].path
        assert (await stub.PreviewVoice(wish)).wav == reply.wav
        assert len(fakes["elevenlabs"].requests) == 1
        fakes["elevenlabs"].faults.add(Fault(status=503))
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.PreviewVoice(pb.PreviewVoiceRequest(tenant_id="t1", provider="elevenlabs", voice="rachel"))
        assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
        assert ("callstage-code", "provider_failed") in list(failed.value.trailing_metadata() or ())
        assert not fakes["openai"].requests, "another voice would be no preview"


async def test_previews_are_bounded_and_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_desk, "_PER_WINDOW", 3)
    monkeypatch.setattr(voice_desk, "_CACHE_BYTES", 200_000)
    async with serving() as (stub, _):

        async def preview(text: str, tenant: str = "t1", provider: str = "openai") -> Any:
            return await stub.PreviewVoice(pb.PreviewVoiceRequest(tenant_id=tenant, provider=provider, text=text))

        for text in ("one two", "three four", "five six"):
            assert (await preview(text)).wav
        with pytest.raises(grpc.aio.AioRpcError) as limited:
            await preview("seven eight")
        assert limited.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert int(dict(limited.value.trailing_metadata() or ())["callstage-retry-after-s"]) > 1
        assert (await preview("five six")).wav, "what is kept costs nothing"
        assert (await preview("seven eight", "t2")).wav
        for text, provider in (("x" * 301, "openai"), ("hello", "martian"), ("hello", "groq")):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await preview(text, "t3", provider)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
