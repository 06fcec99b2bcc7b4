"""A running servicer over real gRPC and Redis, with scripted providers and a scripted sandbox; and a gateway that drives it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from agent_runtime.call_registry import CallRegistry
from agent_runtime.conversation.explanation import Explainer
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.text_turns import TextConversations
from agent_runtime.journal.store import JournalStore
from agent_runtime.live_commands import LiveCommands
from agent_runtime.providers.ports import (
    LlmDone,
    LlmEvent,
    LlmRequest,
    ProviderSet,
    SttRequest,
    TextDelta,
    ToolCallRequest,
    Transcript,
    TtsRequest,
    Voice,
)
from agent_runtime.rpc.conversation_servicer import ConversationServicer
from agent_runtime.rpc.link_servicer import CallServer
from agent_runtime.rpc.replay_servicer import ReplayServicer
from agent_runtime.snapshots import Snapshots
from agent_runtime.tools.dispatcher import ToolDispatcher
from callstage_contracts.events import Event
from callstage_contracts.pb.common.v1 import common_pb2
from callstage_contracts.pb.runtime.v1 import replay_pb2_grpc, runtime_pb2, runtime_pb2_grpc
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition, Transition
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_domain.ids import AgentId, TenantId, new_session_id
from callstage_kit.health import Health
from callstage_kit.redis.connection import connect_redis
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.traces import NO_TRACES, Traces

WAIT_S = 10.0
MS_PER_CHAR = 20


class ScriptedStt:
    """Answers `finalize` with what the test put into `next_text`."""

    name = "fake_stt"
    formats = (AudioFormat.PCMU_8K,)

    def __init__(self) -> None:
        self.next_text = ""
        self.received = 0
        self.fails = False

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator["_SttStream"]:
        if self.fails:
            raise DependencyError("no", vendor="fake_stt")
        yield _SttStream(self)


class _SttStream:
    def __init__(self, stt: ScriptedStt) -> None:
        self._stt = stt
        self._out: asyncio.Queue[Transcript] = asyncio.Queue()

    async def send(self, audio: bytes) -> None:
        self._stt.received += len(audio)

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        self._out.put_nowait(Transcript(self._stt.next_text, is_final=True, answers_finalize=True))

    async def transcripts(self) -> AsyncGenerator[Transcript]:
        while True:
            yield await self._out.get()


class ScriptedLlm:
    """Plays one list of events per request; an `asyncio.Event` in it holds the answer back, an exception is raised."""

    name = "fake_llm"

    def __init__(self, *answers: Iterable[LlmEvent | asyncio.Event | Exception]) -> None:
        self.answers: list[Sequence[LlmEvent | asyncio.Event | Exception]] = [list(answer) for answer in answers]
        self.requests: list[LlmRequest] = []

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent]:
        self.requests.append(request)
        for item in self.answers.pop(0) if self.answers else [TextDelta("Yes.")]:
            if isinstance(item, asyncio.Event):
                await item.wait()
            elif isinstance(item, Exception):
                raise item
            else:
                yield item
        yield LlmDone("stop")


class ScriptedTts:
    """Silence, 20 ms per character."""

    name = "fake_tts"
    formats = (AudioFormat.PCMU_8K,)

    def __init__(self) -> None:
        self.requests: list[TtsRequest] = []
        self.fails = False

    async def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes]:
        self.requests.append(request)
        if self.fails:
            raise DependencyError("no voice", vendor="fake_tts")
        for _ in request.text:
            yield b"\xff" * 160

    async def voices(self) -> list[Voice]:
        return []


@dataclass
class Sandbox(sandbox_pb2_grpc.ToolServiceServicer):
    """Keeps a ledger by run key, as the real one does."""

    handlers: dict[str, Callable[[sandbox_pb2.RunToolRequest], Awaitable[sandbox_pb2.RunToolReply]]] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    requests: list[sandbox_pb2.RunToolRequest] = field(default_factory=list)
    ledger: dict[str, sandbox_pb2.RunToolReply] = field(default_factory=dict)
    unavailable: int = 0

    async def RunTool(self, request: sandbox_pb2.RunToolRequest, context: Any) -> sandbox_pb2.RunToolReply:  # noqa: N802
        self.requests.append(request)
        if self.unavailable:
            self.unavailable -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "down")
        if request.run_key in self.ledger:
            return self.ledger[request.run_key]
        self.runs.append(request.tool)
        reply = await self.handlers[request.tool](request)
        self.ledger[request.run_key] = reply
        return reply

    async def LookUpCaller(self, request: sandbox_pb2.LookUpCallerRequest, context: Any) -> sandbox_pb2.LookUpCallerReply:  # noqa: N802
        return sandbox_pb2.LookUpCallerReply(variables_json="{}")

    async def CheckCode(self, request: sandbox_pb2.CheckCodeRequest, context: Any) -> sandbox_pb2.CheckCodeReply:  # noqa: N802
        return sandbox_pb2.CheckCodeReply()

    async def TestBackend(self, request: sandbox_pb2.TestBackendRequest, context: Any) -> sandbox_pb2.TestBackendReply:  # noqa: N802
        return sandbox_pb2.TestBackendReply()


def ok(result: dict[str, Any], session: dict[str, Any] | None = None, **more: Any) -> sandbox_pb2.RunToolReply:
    return sandbox_pb2.RunToolReply(
        status=sandbox_pb2.RUN_STATUS_OK, result_json=json.dumps(result), session_json=json.dumps(session) if session is not None else "", **more
    )


class Mirror:
    """The KV mirror as a dict."""

    def __init__(self, *snapshots: AgentSnapshot) -> None:
        self.values = {f"{shot.tenant_id}.{shot.agent_id}.{shot.deployment}": shot for shot in snapshots}

    def get(self, key: str) -> AgentSnapshot | None:
        return self.values.get(key)

    def on_change(self, listener: Callable[[str, AgentSnapshot | None], None]) -> None:
        return


class Events:
    """What went up."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self.captions: list[dict[str, Any]] = []

    def publish(self, event: Event) -> None:
        self.all.append(event)

    def caption(self, tenant_id: str, call_id: str, payload: dict[str, Any]) -> None:
        self.captions.append(payload)

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.all if event.type == kind]


class World:
    """Everything one test needs; runtimes are started by `runtime`."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.stt, self.llm, self.tts = ScriptedStt(), ScriptedLlm(), ScriptedTts()
        self.sandbox, self.events, self.mirror = Sandbox(), Events(), Mirror(agent())  # pyright: ignore[reportAbstractUsage]
        self.health = Health()
        self.session_id = new_session_id()
        self.call_id = "call-" + self.session_id
        self.sandbox_target = ""
        self.max_calls = 10
        self.traces: Traces = NO_TRACES
        self.commands: LiveCommands | None = None

    def resolve(self, snapshot: AgentSnapshot) -> ProviderSet:
        return ProviderSet(self.stt, self.llm, self.tts)  # type: ignore[arg-type]

    @asynccontextmanager
    async def serving_sandbox(self) -> AsyncGenerator[None]:
        server = grpc.aio.server()
        sandbox_pb2_grpc.add_ToolServiceServicer_to_server(self.sandbox, server)
        self.sandbox_target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        try:
            yield
        finally:
            await server.stop(0)

    @asynccontextmanager
    async def runtime(self) -> AsyncGenerator[str]:
        async with AsyncExitStack() as stack:
            redis = await stack.enter_async_context(connect_redis(self.redis_url))
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(self.sandbox_target))
            explainer = await stack.enter_async_context(Explainer(self.events, self.traces))
            services = SessionServices(
                ToolDispatcher(sandbox_pb2_grpc.ToolServiceStub(channel)),
                self.events,
                self.events,
                PhraseCache(1 << 20),
                filler_after_s=0.3,
                explainer=explainer,
            )
            store, snapshots, registry = JournalStore(redis), Snapshots(self.mirror, arrival_s=0.05), CallRegistry(self.health, self.max_calls)
            calls = CallServer(snapshots, self, store, services, registry, self.commands)
            servicer = ConversationServicer(calls, TextConversations(snapshots, self, store, services), registry, flush_s=0.005)
            server = grpc.aio.server()
            runtime_pb2_grpc.add_ConversationServiceServicer_to_server(servicer, server)
            replay_pb2_grpc.add_ReplayServiceServicer_to_server(ReplayServicer(store), server)
            port = server.add_insecure_port("127.0.0.1:0")
            await server.start()
            try:
                yield f"127.0.0.1:{port}"
            finally:
                await server.stop(0)
                await registry.drained()

    def context(self, **changes: Any) -> common_pb2.CallContext:
        values: dict[str, Any] = {
            "call_id": self.call_id,
            "session_id": self.session_id,
            "tenant_id": "t1",
            "agent_id": "shop",
            "deployment": 1,
            "channel": "browser",
            "caller_phone": "+15550100",
            "is_test": True,
        }
        return common_pb2.CallContext(**{**values, **changes})


class Gateway:
    """One link with one call on channel 1. Plays audio at once: `hear` reports an utterance as heard."""

    def __init__(self, stub: Any, world: World) -> None:
        self.world = world
        self.stream: Any = stub.Link()
        self.down: list[runtime_pb2.CallDown] = []
        self._arrived = asyncio.Condition()
        self._position = 0

    async def read(self) -> None:
        try:
            async for message in self.stream:
                async with self._arrived:
                    self.down.extend(message.calls)
                    self._arrived.notify_all()
        except grpc.aio.AioRpcError:
            return

    async def send(self, channel: int = 1, **body: Any) -> None:
        await self.stream.write(runtime_pb2.LinkUp(calls=[runtime_pb2.CallUp(channel=channel, **body)]))

    async def open(self, channel: int = 1, context: dict[str, Any] | None = None, **changes: Any) -> None:
        values: dict[str, Any] = {
            "context": self.world.context(**(context or {})),
            "uplink": common_pb2.AUDIO_FORMAT_PCMU_8K,
            "downlink": common_pb2.AUDIO_FORMAT_PCMU_8K,
        }
        await self.send(channel, open=runtime_pb2.OpenCall(**{**values, **changes}))

    async def next(self, kind: str, *, channel: int = 1) -> Any:
        """The next message of that kind; what comes before it is passed over."""
        async with asyncio.timeout(WAIT_S):
            async with self._arrived:
                while True:
                    while self._position < len(self.down):
                        message = self.down[self._position]
                        self._position += 1
                        if message.channel == channel and message.WhichOneof("body") == kind:
                            return getattr(message, kind)
                    await self._arrived.wait()

    def texts(self) -> list[str]:
        return [message.segment_end.text for message in self.down if message.HasField("segment_end")]

    def notices(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(message.notice.payload_json) for message in self.down if message.HasField("notice") and message.notice.type == kind]

    def heard_ms(self, utterance: str) -> int:
        return sum(len(message.audio.data) for message in self.down if message.HasField("audio") and message.audio.utterance_id == utterance) // 8

    async def hear(self) -> str:
        """The next utterance is made and heard to its end; its id."""
        utterance = (await self.next("utterance_end")).utterance_id
        await self.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
        await self.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, heard_ms=self.heard_ms(utterance), is_finished=True))
        return utterance

    async def say(self, text: str) -> None:
        """The caller speaks."""
        self.world.stt.next_text = text
        await self.send(audio=b"\xff" * 1600)
        await self.send(speech_started=runtime_pb2.SpeechStarted(at_ms=0))
        await self.send(speech_stopped=runtime_pb2.SpeechStopped(at_ms=100, silence_ms=200))


@asynccontextmanager
async def gateway(world: World, target: str) -> AsyncGenerator[Gateway]:
    """Connected while entered; leaving breaks the link."""
    async with grpc.aio.insecure_channel(target) as channel:
        made = Gateway(runtime_pb2_grpc.ConversationServiceStub(channel), world)
        async with TaskScope("gateway") as scope:
            scope.start(made.read(), name="read")
            try:
                yield made
            finally:
                made.stream.cancel()


def agent(**changes: Any) -> AgentSnapshot:
    settings = changes.pop("settings", {})
    values: dict[str, Any] = {
        "tenant_id": TenantId("t1"),
        "agent_id": AgentId("shop"),
        "deployment": 1,
        "settings": AgentSettings.model_validate({"display_name": "Mia", "greeting": "Hello {name|there}.", "silence_threshold_ms": 200, **settings}),
        "first_stage": "order",
        "stages": (
            Stage(
                name="order",
                prompt="Take the order.",
                tools=("place_order", "lookup", "end_call"),
                transitions=(Transition(on_tool="place_order", to_stage="payment", handover_message="Order placed. Total: {total}."),),
            ),
            Stage(name="payment", prompt="Take the payment.", tools=("end_call", "transfer_to_human")),
        ),
        "tools": {
            "place_order": ToolDefinition(
                name="place_order", kind="code", parameters={"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}
            ),
            "lookup": ToolDefinition(name="lookup", kind="code"),
            "prefetch": ToolDefinition(name="prefetch", kind="code"),
        },
    }
    return AgentSnapshot(**{**values, **changes})


def call(name: str, arguments: dict[str, Any] | None = None, call_id: str = "tc1") -> ToolCallRequest:
    return ToolCallRequest(call_id, name, json.dumps(arguments or {}))


@pytest.fixture
async def world(redis_server: str) -> AsyncGenerator[World]:
    made = World(redis_server)
    async with made.serving_sandbox():
        yield made
