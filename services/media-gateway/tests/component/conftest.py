"""A gateway process in the test's own loop: real NATS, real Redis, a runtime played by the test."""

import asyncio
import base64
import json
import math
import secrets
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_contracts import buckets
from callstage_contracts.events import AnyEvent, parse_event
from callstage_contracts.pb.common.v1 import common_pb2
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_contracts.pb.runtime.v1 import runtime_pb2_grpc
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_domain.ids import AgentId, TenantId
from callstage_domain.route import BlockedNumber, Fallback, NumberRoute
from callstage_kit.crypto import sha256_hex
from callstage_kit.grpc.server import OPTIONS
from callstage_kit.health import Health
from callstage_kit.nats.connection import NatsConnection, connect_nats
from callstage_kit.tasks import TaskScope
from callstage_testing.servers import free_port
from media_gateway.settings import GatewaySettings
from media_gateway.wiring import build

# grpc.aio keeps two sockets for the whole process: made before any test looks for leaks.
grpc.aio.init_grpc_aio()

MASTER_KEYS = "k1:" + base64.b64encode(b"k" * 32).decode()
TWILIO_TOKEN = "twilio-auth-token"
AGENT_NUMBER = "+14155550100"
FALLBACK_NUMBER = "+14155550101"


async def until(condition: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    """The condition's first true value."""
    async with asyncio.timeout(timeout_s):
        while not (value := condition()):
            await asyncio.sleep(0.005)
    return value


def tone(seconds: float, rate_hz: int) -> bytes:
    """PCM16 of 440 Hz."""
    count = int(seconds * rate_hz)
    return struct.pack(f"<{count}h", *(int(9000 * math.sin(2 * math.pi * 440 * index / rate_hz)) for index in range(count)))


@dataclass
class RuntimeCall:
    """One channel as the runtime sees it."""

    runtime: "FakeRuntime"
    channel: int
    open: pb.OpenCall
    audio: bytearray = field(default_factory=bytearray)
    audio_messages: int = 0
    ups: list[pb.CallUp] = field(default_factory=list)

    def bodies(self, kind: str) -> list[Any]:
        return [getattr(up, kind) for up in self.ups if up.WhichOneof("body") == kind]

    def down(self, **body: Any) -> None:
        self.runtime.downs.put_nowait(pb.LinkDown(calls=[pb.CallDown(channel=self.channel, **body)]))

    def speak(self, utterance_id: str, seconds: float, *, segments: int = 1, is_complete: bool = True) -> None:
        is_pcm = self.open.downlink == common_pb2.AUDIO_FORMAT_PCM16_24K
        whole = tone(seconds, 24_000) if is_pcm else pcm16_to_ulaw(tone(seconds, 8000))
        size = len(whole) // segments // 2 * 2
        for segment in range(segments):
            piece = whole[segment * size : (segment + 1) * size]
            for start in range(0, len(piece), 1600):
                self.down(audio=pb.SpeechAudio(utterance_id=utterance_id, segment=segment, data=piece[start : start + 1600]))
            self.down(segment_end=pb.SegmentEnd(utterance_id=utterance_id, segment=segment, text="Hello."))
        if is_complete:
            self.down(utterance_end=pb.UtteranceEnd(utterance_id=utterance_id))


class FakeSandbox(sandbox_pb2_grpc.ToolServiceServicer):
    """Knows everybody as Anna."""

    def __init__(self) -> None:
        self.lookups: list[sandbox_pb2.LookUpCallerRequest] = []

    async def LookUpCaller(self, request: Any, context: Any) -> sandbox_pb2.LookUpCallerReply:  # noqa: N802
        self.lookups.append(request)
        return sandbox_pb2.LookUpCallerReply(variables_json='{"found": true, "name": "Anna"}')

    async def RunTool(self, request: Any, context: Any) -> Any:  # noqa: N802
        raise NotImplementedError

    async def CheckCode(self, request: Any, context: Any) -> Any:  # noqa: N802
        raise NotImplementedError

    async def TestBackend(self, request: Any, context: Any) -> Any:  # noqa: N802
        raise NotImplementedError


class FakeRuntime(runtime_pb2_grpc.ConversationServiceServicer):
    """Answers every OpenCall with CallOpened, unless told to fail; the test speaks for it."""

    def __init__(self) -> None:
        self.calls: list[RuntimeCall] = []
        self.text_turns: list[pb.TextTurnRequest] = []
        self.downs: asyncio.Queue[pb.LinkDown] = asyncio.Queue()
        self.failure: pb.CallFailed | None = None
        self.sensitivity = 0.5
        self.decides_interruptions = False
        self.said = 0
        self.sandbox = FakeSandbox()  # pyright: ignore[reportAbstractUsage]
        self.address = ""
        self._server: grpc.aio.Server | None = None

    async def start(self, port: int = 0) -> None:
        self._server = grpc.aio.server(options=OPTIONS)
        runtime_pb2_grpc.add_ConversationServiceServicer_to_server(self, self._server)
        sandbox_pb2_grpc.add_ToolServiceServicer_to_server(self.sandbox, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        await self._server.start()

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(0)
            self._server = None

    async def TextTurn(self, request: Any, context: Any) -> Any:  # noqa: N802
        raise NotImplementedError

    async def StreamTextTurn(  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        self, request: pb.TextTurnRequest, context: Any
    ) -> None:
        self.text_turns.append(request)
        for part in await self.answer_text(request):
            await context.write(part)

    async def answer_text(self, request: pb.TextTurnRequest) -> list[pb.TextTurnPart]:
        """Greets, and says everything again; tests put something else in its place."""
        context = request.context
        if request.opens:
            opened = pb.CallOpened(session_id=context.session_id, agent_name="Ada", resumed=request.resumes)
            return [pb.TextTurnPart(opened=opened), _said("assistant", "Hello."), pb.TextTurnPart(reply=pb.TextTurnReply(text="Hello."))]
        told = pb.TextTurnPart(notice=pb.Notice(type="tool", payload_json='{"name": "look"}'))
        reply = pb.TextTurnPart(reply=pb.TextTurnReply(text=request.text, is_ended=request.text == "bye"))
        return [_said("user", request.text), _said("assistant", request.text[:1], is_final=False), told, _said("assistant", request.text), reply]

    async def Link(  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]  # the reader-writer style of grpc.aio
        self, request_iterator: Any, context: Any
    ) -> None:
        by_channel: dict[int, RuntimeCall] = {}
        async with TaskScope("fake_link") as scope:
            scope.start(self._write(context), name="write")
            async for up in request_iterator:
                for message in up.calls:
                    if message.WhichOneof("body") == "open":
                        call = by_channel[message.channel] = RuntimeCall(self, message.channel, message.open)
                        self.calls.append(call)
                        self._answer(call)
                    elif message.WhichOneof("body") == "audio":
                        by_channel[message.channel].audio += message.audio
                        by_channel[message.channel].audio_messages += 1
                    else:
                        by_channel[message.channel].ups.append(message)

    def _answer(self, call: RuntimeCall) -> None:
        if self.failure is not None:
            call.down(failed=self.failure)
            return
        call.down(
            opened=pb.CallOpened(
                session_id=call.open.context.session_id,
                agent_name="Ada",
                interruption_sensitivity=self.sensitivity,
                vad_start_ms=200,
                said=self.said,
                decides_interruptions=self.decides_interruptions,
                vad_stop_ms=200,
                resumed=call.open.HasField("resume"),
            )
        )

    async def _write(self, context: Any) -> None:
        while True:
            await context.write(await self.downs.get())


def _said(role: str, text: str, *, is_final: bool = True) -> pb.TextTurnPart:
    return pb.TextTurnPart(notice=pb.Notice(type="transcript", payload_json=json.dumps({"role": role, "text": text, "isFinal": is_final})))


@dataclass
class Gateway:
    """A running gateway and everything around it."""

    port: int
    settings: GatewaySettings
    health: Health
    nats: NatsConnection
    runtime: FakeRuntime
    spare: FakeRuntime
    events: list[AnyEvent]
    tenant_id: str
    api_key: str
    drain: Callable[[], Any]

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def events_of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind and event.tenant_id == self.tenant_id]

    async def put(self, bucket: buckets.Bucket[Any], key: str, value: Any) -> None:
        kv = await self.nats.bucket(bucket.name)
        await kv.put(key, value.model_dump_json().encode())


async def configure(nats: NatsConnection, settings: GatewaySettings, tenant_id: str, api_key: str, telnyx_public_key: str | None) -> None:
    async def put(bucket: buckets.Bucket[Any], key: str, value: Any) -> None:
        await (await nats.bucket(bucket.name)).put(key, value.model_dump_json().encode())

    tenant, agent = TenantId(tenant_id), AgentId("front-desk")
    record = buckets.TenantRecord(
        tenant_id=tenant,
        name="Demo",
        twilio=buckets.TwilioAccount(account_sid="AC1", auth_token_sealed=settings.secret_box.seal(TWILIO_TOKEN, buckets.twilio_aad(tenant_id))),
        telnyx=buckets.TelnyxAccount(public_key=telnyx_public_key) if telnyx_public_key else None,
    )
    await put(buckets.TENANTS, tenant_id, record)
    await put(buckets.API_KEYS, sha256_hex(api_key), buckets.ApiKeyRecord(tenant_id=tenant, key_id="key-" + tenant_id))
    active = buckets.ActiveDeployment(tenant_id=tenant, agent_id=agent, deployment=3, agent_created_at=datetime.now(UTC), display_name="Ada")
    await put(buckets.ACTIVE, buckets.agent_key(tenant_id, agent), active)
    route = NumberRoute(tenant_id=tenant, number=AGENT_NUMBER, route_target=agent, ai_transfer_type="external", ai_transfer_target="+14155550188")
    await put(buckets.ROUTES, buckets.route_key(AGENT_NUMBER), route)
    closed = NumberRoute(
        tenant_id=tenant, number=FALLBACK_NUMBER, route_target="never-deployed", fallback=Fallback(type="external", target="+14155550199")
    )
    await put(buckets.ROUTES, buckets.route_key(FALLBACK_NUMBER), closed)
    await put(buckets.BLOCKED, buckets.blocked_key(tenant_id, "+14155550666"), BlockedNumber(tenant_id=tenant, number="+14155550666"))


@pytest.fixture
def telnyx_private_key() -> str:
    from callstage_phone.telnyx import TelnyxCaller

    return TelnyxCaller.new_private_key()


@pytest.fixture
def start_gateway(nats_server: str, redis_server: str, tmp_path: Path, telnyx_private_key: str) -> Callable[..., Any]:
    """`async with start_gateway(**settings) as gateway`."""
    from callstage_phone.carrier import CarrierSettings
    from callstage_phone.telnyx import TelnyxCaller

    public_key = TelnyxCaller(CarrierSettings(webhook_url=""), private_key=telnyx_private_key).public_key

    @asynccontextmanager
    async def run(*, with_spare: bool = False, **more: Any) -> AsyncGenerator[Gateway]:
        async with AsyncExitStack() as stack:
            runtime, spare = FakeRuntime(), FakeRuntime()
            await runtime.start()
            stack.push_async_callback(runtime.stop)
            if with_spare:
                await spare.start()
            targets = ",".join(one.address for one in (runtime, spare) if one.address)
            settings = GatewaySettings.model_validate(
                {
                    "http_port": free_port(),
                    "http_shared_port": True,
                    "instance": f"test-{secrets.token_hex(3)}",
                    "nats_url": nats_server,
                    "redis_url": redis_server,
                    "spool_dir": str(tmp_path / "spool"),
                    "master_keys": MASTER_KEYS,
                    "runtime_targets": targets,
                    "sandbox_target": runtime.address,
                    "max_loop_lag_ms": 2000,
                }
                | more
            )
            nats = await stack.enter_async_context(connect_nats(nats_server, name="test"))
            tenant_id, api_key = f"t{secrets.token_hex(4)}", f"vx_{secrets.token_hex(8)}"
            await configure(nats, settings, tenant_id, api_key, public_key)
            events: list[AnyEvent] = []

            async def collect(message: Any) -> None:
                events.append(parse_event(message.data))

            subscription = await nats.client.subscribe(f"callstage.{tenant_id}.>", cb=collect)
            health = Health()
            drain = await stack.enter_async_context(build(settings, health))
            stack.push_async_callback(spare.stop)
            await until(lambda: health.is_ready)
            yield Gateway(settings.http_port, settings, health, nats, runtime, spare, events, tenant_id, api_key, drain)
            await subscription.unsubscribe()

    return run


@pytest.fixture
async def gateway(start_gateway: Callable[..., Any]) -> AsyncIterator[Gateway]:
    async with start_gateway() as running:
        yield running


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    return until


@pytest.fixture
def speech() -> bytes:
    """A committed phrase: PCM 16-bit mono, 8 kHz."""
    from callstage_audio.wav import read_wav

    root = next(folder for folder in Path(__file__).parents if (folder / "tests" / "speech").is_dir())
    pcm, _ = read_wav((root / "tests" / "speech" / "opening_hours.wav").read_bytes())
    return pcm


@pytest.fixture
def messages() -> Callable[[str], Any]:
    return json.loads
