"""Everything the runtime says to one gateway, as few messages as possible: messages cost, bytes do not."""

import asyncio
import json
from collections import deque
from typing import Any

from callstage_contracts.pb.runtime.v1 import runtime_pb2

from agent_runtime.conversation.outlet import OpenedCall

_MAX_BATCH_BYTES = 1 << 20
_ROOM_BYTES = 8 << 20
"""Beyond this speech waits until the gateway has read."""
_OVERHEAD_BYTES = 64


class LinkOutbox:
    """Output of all calls of one link. Urgent things leave at once, the rest within `flush_s`."""

    def __init__(self, flush_s: float = 0.02) -> None:
        self._flush_s = flush_s
        self._waiting: deque[tuple[runtime_pb2.CallDown, int]] = deque()
        self._bytes = 0
        self._some = asyncio.Event()
        self._urgent = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, message: runtime_pb2.CallDown, *, size: int = 0, is_urgent: bool = False) -> None:
        """Queue a message."""
        self._waiting.append((message, size + _OVERHEAD_BYTES))
        self._bytes += size + _OVERHEAD_BYTES
        if self._bytes > _ROOM_BYTES:
            self._room.clear()
        self._some.set()
        if is_urgent:
            self._urgent.set()

    async def room(self) -> None:
        """Wait until the gateway has read enough."""
        await self._room.wait()

    async def batch(self) -> runtime_pb2.LinkDown:
        """The next message for the gateway."""
        await self._some.wait()
        if not self._urgent.is_set():
            try:
                async with asyncio.timeout(self._flush_s):
                    await self._urgent.wait()
            except TimeoutError:
                pass
        calls: list[runtime_pb2.CallDown] = []
        size = 0
        while self._waiting and size < _MAX_BATCH_BYTES:
            message, message_size = self._waiting.popleft()
            calls.append(message)
            size += message_size
        self._bytes -= size
        if self._bytes <= _ROOM_BYTES // 2:
            self._room.set()
        if not self._waiting:
            self._some.clear()
            self._urgent.clear()
        return runtime_pb2.LinkDown(calls=calls)


class LinkOutlet:
    """The `Outlet` of one call on a link."""

    def __init__(self, channel: int, outbox: LinkOutbox) -> None:
        self._channel = channel
        self._outbox = outbox

    def opened(self, opened: OpenedCall) -> None:
        """First answer to OpenCall."""
        message = runtime_pb2.CallOpened(
            session_id=opened.session_id,
            agent_name=opened.agent_name,
            interruption_sensitivity=opened.interruption_sensitivity,
            vad_stop_ms=opened.vad_stop_ms,
            vad_start_ms=opened.vad_start_ms,
            resumed=opened.is_resumed,
            facts_json=_json(opened.facts),
            said=opened.said,
            decides_interruptions=True,
            clock_ms=int(opened.clock_ms),
            records=opened.records,
            recording_retention_days=opened.recording_retention_days or 0,
        )
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, opened=message), is_urgent=True)

    async def audio(self, utterance: str, segment: int, data: bytes, *, is_first: bool) -> None:
        """Speech; the first piece of an utterance leaves at once."""
        await self._outbox.room()
        message = runtime_pb2.SpeechAudio(utterance_id=utterance, segment=segment, data=data)
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, audio=message), size=len(data), is_urgent=is_first)

    def segment_end(self, utterance: str, segment: int, text: str) -> None:
        """A sentence is complete."""
        message = runtime_pb2.SegmentEnd(utterance_id=utterance, segment=segment, text=text)
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, segment_end=message))

    def utterance_end(self, utterance: str) -> None:
        """An utterance is complete."""
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, utterance_end=runtime_pb2.UtteranceEnd(utterance_id=utterance)))

    def turn_taken(self, said: int) -> None:
        """Everything the caller did up to there is stored."""
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, turn_taken=runtime_pb2.TurnTaken(said=said)), is_urgent=True)

    def clear(self) -> None:
        """Drop what was not heard."""
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, clear=runtime_pb2.ClearPlayout()), is_urgent=True)

    def resume_playout(self, said: int) -> None:
        """Go on with what is held; what the caller did up to there was nothing."""
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, resume_playout=runtime_pb2.ResumePlayout(said=said)), is_urgent=True)

    def keep_playing(self, utterance: str) -> None:
        """The caller's voice does not stop that utterance."""
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, keep_playing=runtime_pb2.KeepPlaying(utterance_id=utterance)))

    def pause_recording(self, *, is_paused: bool) -> None:
        """Nothing of the caller is recorded meanwhile."""
        message = runtime_pb2.PauseRecording(is_paused=is_paused)
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, pause_recording=message), is_urgent=True)

    def voicemail(self, voicemail_id: str, *, is_over: bool, retention_days: int | None) -> None:
        """The caller's message begins, or is over."""
        message = runtime_pb2.Voicemail(voicemail_id=voicemail_id, is_over=is_over, retention_days=retention_days or 0)
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, voicemail=message), is_urgent=True)

    def notice(self, kind: str, payload: dict[str, Any]) -> None:
        """For whoever watches."""
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, notice=runtime_pb2.Notice(type=kind, payload_json=_json(payload))))

    def hang_up(self, reason: str, transfer: dict[str, str] | None) -> None:
        """The call is over."""
        message = runtime_pb2.HangUp(reason=reason, transfer_json=_json(transfer) if transfer else "")
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, hang_up=message), is_urgent=True)

    def failed(self, code: str, message: str) -> None:
        """The conversation cannot be opened or go on."""
        self._outbox.put(runtime_pb2.CallDown(channel=self._channel, failed=runtime_pb2.CallFailed(code=code, message=message)), is_urgent=True)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
