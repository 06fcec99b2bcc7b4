"""One gRPC stream to one agent-runtime process, shared by all calls that it serves."""

import asyncio
from typing import Any, Final, Protocol

import grpc
import structlog
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_contracts.pb.runtime.v1 import runtime_pb2_grpc
from callstage_kit.grpc.server import LINK_OPTIONS
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import LINK_MESSAGES_TOTAL, LINKS, QUEUE_DROPPED_TOTAL
from grpc_health.v1 import health_pb2, health_pb2_grpc

_log = structlog.get_logger(__name__)

_UP, _DOWN = LINK_MESSAGES_TOTAL.labels("up"), LINK_MESSAGES_TOTAL.labels("down")
_CONNECT_TIMEOUT_S: Final = 5.0
_WRITE_TIMEOUT_S: Final = 5.0
MAX_WAITING_AUDIO_BYTES: Final = 2 << 20
"""About four minutes of caller audio over all calls; beyond it the oldest is dropped."""
MAX_MESSAGE_BYTES: Final = 1 << 20
AUDIO_EVERY_TICKS: Final = 5
"""A recogniser hears 100 ms at a time as well as 20 ms; every message of a call costs on both sides of the link and once more to the recogniser."""
_MAX_PIECE_BYTES: Final = 8000
"""Pieces of audio are put together up to here: a second at most."""


class ChannelListener(Protocol):
    """One call. Calls are synchronous and must not block."""

    def on_down(self, message: pb.CallDown) -> None:
        """A message of the runtime about this call."""
        ...

    def on_link_lost(self) -> None:
        """The runtime is gone; the channel does not exist any more."""
        ...


class RuntimeLink:
    """Connects for ever with back-off while `run` runs. Messages of all calls are queued and written together by `flush`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._listeners: dict[int, ChannelListener] = {}
        self._next_channel = 0
        self._waiting: list[pb.CallUp] = []
        self._waiting_audio_bytes = 0
        self._audio: dict[int, bytearray] = {}
        self._ticks = 0
        self._wakeup = asyncio.Event()
        self._is_connected = False
        self._is_serving = True

    @property
    def is_connected(self) -> bool:
        """True while the stream stands."""
        return self._is_connected

    @property
    def is_open(self) -> bool:
        """True when new calls may be given to it: connected and not draining."""
        return self._is_connected and self._is_serving

    @property
    def is_leaving(self) -> bool:
        """True when it asks for its calls to be moved: connected and draining."""
        return self._is_connected and not self._is_serving

    @property
    def calls(self) -> int:
        """Calls that it serves now."""
        return len(self._listeners)

    def attach(self, listener: ChannelListener) -> int:
        """A new channel."""
        self._next_channel += 1
        self._listeners[self._next_channel] = listener
        return self._next_channel

    def detach(self, channel: int) -> None:
        """What the runtime still says about this call is ignored."""
        self._listeners.pop(channel, None)

    def send(self, message: pb.CallUp) -> None:
        """Queue until the next flush; control is never dropped."""
        if self._is_connected:
            self._queue_audio(message.channel)
            self._waiting.append(message)

    def send_audio(self, channel: int, audio: bytes, *, at_once: bool = False) -> None:
        """Queue until the next flush that takes audio, `at_once`: until the next flush. When the runtime does not read, the oldest is dropped."""
        if not self._is_connected:
            return
        if len(self._audio.get(channel, b"")) + len(audio) > _MAX_PIECE_BYTES:
            self._queue_audio(channel)
        self._audio.setdefault(channel, bytearray()).extend(audio)
        self._waiting_audio_bytes += len(audio)
        if at_once:
            self._queue_audio(channel)
        if self._waiting_audio_bytes > MAX_WAITING_AUDIO_BYTES:
            self._drop_oldest_audio()

    def _queue_audio(self, channel: int) -> None:
        audio = self._audio.pop(channel, None)
        if audio:
            self._waiting.append(pb.CallUp(channel=channel, audio=bytes(audio)))

    def flush(self) -> None:
        """Once per tick: write what is queued, as one message. Audio that may wait goes out in every fifth tick, that of all calls together."""
        self._ticks += 1
        if self._audio and self._ticks % AUDIO_EVERY_TICKS == 0:
            for channel in list(self._audio):
                self._queue_audio(channel)
        if self._waiting:
            self._wakeup.set()

    async def run(self) -> None:
        """Until cancelled."""
        waits = backoff_s(0.1, limit_s=2.0)
        try:
            while True:
                try:
                    async with grpc.aio.insecure_channel(self.address, options=LINK_OPTIONS) as channel:
                        await self._serve(channel)
                        waits = backoff_s(0.1, limit_s=2.0)
                except (grpc.RpcError, OSError, TimeoutError) as err:
                    _log.info("runtime_link_down", address=self.address, error=_describe(err))
                await asyncio.sleep(next(waits))
        finally:
            self._lose()

    async def _serve(self, channel: grpc.aio.Channel) -> None:
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            await channel.channel_ready()
        stream: grpc.aio.StreamStreamCall[pb.LinkUp, pb.LinkDown] = runtime_pb2_grpc.ConversationServiceStub(channel).Link()
        self._is_connected = True
        LINKS.labels("connected").inc()
        _log.info("runtime_link_up", address=self.address)
        try:
            async with TaskScope("runtime_link") as scope:
                writing = scope.start(self._write(stream), name="write")
                scope.start(self._watch_health(channel), name="health")
                writing.add_done_callback(lambda _: stream.cancel())
                await self._read(stream)
        finally:
            LINKS.labels("connected").dec()
            stream.cancel()
            self._lose()

    async def _read(self, stream: "grpc.aio.StreamStreamCall[pb.LinkUp, pb.LinkDown]") -> None:
        while True:
            try:
                message = await stream.read()
            except asyncio.CancelledError:
                # A failed writer cancels the stream, which is the loss of the link and not our own cancellation.
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                return
            if not isinstance(message, pb.LinkDown):
                return
            _DOWN.inc()
            for down in message.calls:
                listener = self._listeners.get(down.channel)
                if listener is not None:
                    listener.on_down(down)

    async def _write(self, stream: "grpc.aio.StreamStreamCall[pb.LinkUp, pb.LinkDown]") -> None:
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            while self._waiting:
                try:
                    async with asyncio.timeout(_WRITE_TIMEOUT_S):
                        await stream.write(pb.LinkUp(calls=self._take()))
                    _UP.inc()
                except grpc.RpcError:
                    # The runtime is gone; the end of this task ends the reading half, which tells the calls.
                    return

    def _take(self) -> list[pb.CallUp]:
        taken, size = 0, 0
        while taken < len(self._waiting) and size < MAX_MESSAGE_BYTES:
            audio = len(self._waiting[taken].audio)
            self._waiting_audio_bytes -= audio
            size += audio + 64
            taken += 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return batch

    def _drop_oldest_audio(self) -> None:
        kept: list[pb.CallUp] = []
        for message in self._waiting:
            if self._waiting_audio_bytes > MAX_WAITING_AUDIO_BYTES // 2 and message.WhichOneof("body") == "audio":
                self._waiting_audio_bytes -= len(message.audio)
                QUEUE_DROPPED_TOTAL.labels("uplink_audio").inc()
            else:
                kept.append(message)
        self._waiting = kept

    async def _watch_health(self, channel: grpc.aio.Channel) -> None:
        """A draining runtime says so: its calls stay, new ones go elsewhere. One without health service counts as serving."""
        # The stub of grpcio-health-checking carries no types.
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=""))
        try:
            async for reply in watch:
                self._is_serving = reply.status == health_pb2.HealthCheckResponse.SERVING
        except grpc.RpcError:
            return

    def _lose(self) -> None:
        self._is_connected = False
        self._is_serving = True
        self._waiting.clear()
        self._audio.clear()
        self._waiting_audio_bytes = 0
        listeners, self._listeners = list(self._listeners.values()), {}
        for listener in listeners:
            listener.on_link_lost()


def _describe(error: BaseException) -> str:
    return (error.details() or str(error.code())) if isinstance(error, grpc.aio.AioRpcError) else (str(error) or type(error).__name__)
