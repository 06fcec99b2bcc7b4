"""A browser on `/ws/voice`: microphone up, sentences down, JSON events."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlencode

from callstage_audio.mp3 import decode_audio

from callstage_phone.codec import Codec, l16
from callstage_phone.dialect import Mistake
from callstage_phone.events import unwatched
from callstage_phone.hearing import HeardRun
from callstage_phone.room import CallOver, Room, Said
from callstage_phone.wire_socket import WireSocket

UP_RATE_HZ = 16000
DOWN_RATE_HZ = 24000


@dataclass(frozen=True, slots=True)
class Event:
    """A text message of the server with its time of arrival."""

    at: float
    data: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.data.get("type"))


class BrowserCaller:
    """`url` is `ws://host/ws/voice`; `query` its parameters (`api_key` or `token`, `agent_id`, `session_id`, `format`).

    The microphone streams silence between utterances; `chunk_bytes` are the sizes of the binary messages, in turn, odd ones included.
    Audio that arrives is queued and played in real time as a page would; `audioStop` drops the queue. `watch` hears of
    every text message as it comes, from inside a socket callback.
    """

    def __init__(
        self,
        url: str,
        query: dict[str, str],
        *,
        chunk_bytes: int | Sequence[int] = 640,
        microphone: bool = True,
        origin: str | None = None,
        watch: Callable[[Event | Mistake], None] = unwatched,
    ) -> None:
        self._url = f"{url}?{urlencode(query)}"
        self._is_pcm = query.get("format") == "pcm16_24k"
        self._sizes = cycle([chunk_bytes] if isinstance(chunk_bytes, int) else chunk_bytes)
        self._want = next(self._sizes)
        self._microphone = microphone
        self._watch = watch
        self._headers = {"Origin": origin} if origin else {}
        self._pending = bytearray()
        self._socket: WireSocket | None = None
        codec: Codec = l16(UP_RATE_HZ)
        self.room = Room(codec, send_frame=self._send_frame, send_mark=lambda _: None)
        self.room.playout.change_codec(l16(DOWN_RATE_HZ))
        self.events: list[Event] = []
        self.audio_messages: list[tuple[float, bytes]] = []
        self.problems: list[str] = []

    async def __aenter__(self) -> Self:
        self._socket = await WireSocket.open(self._url, self._receive, headers=self._headers)
        # The room ticks even without a microphone: it plays, and its ticks drive the waits.
        self.room.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.room.close()
        if self._socket is not None:
            await self._socket.close()

    @property
    def heard(self) -> list[HeardRun]:
        return self.room.heard

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code if self._socket is not None else None

    @property
    def close_reason(self) -> str | None:
        return self._socket.close_reason if self._socket is not None else None

    @property
    def is_open(self) -> bool:
        return self._socket is not None and self._socket.is_open

    @property
    def is_closed(self) -> bool:
        """True once the connection is gone."""
        return self._socket is not None and self._socket.closed.is_set()

    @property
    def stopped(self) -> list[float]:
        """When `audioStop` arrived."""
        return self.room.cleared

    def transcripts(self, role: str, *, final_only: bool = True) -> list[str]:
        payloads = [event.data.get("payload", {}) for event in self.events if event.type == "transcript"]
        return [str(p.get("text", "")) for p in payloads if p.get("role") == role and (p.get("isFinal") or not final_only)]

    async def wait_for(self, kind: str, timeout_s: float, *, matching: Callable[[dict[str, Any]], bool] = lambda _: True, start: int = 0) -> Event:
        """First event of that type from index `start` on. Raises `TimeoutError`, or `CallOver` when the server closed the socket before."""

        def found() -> Event | None:
            return next((event for event in self.events[start:] if event.type == kind and matching(event.data)), None)

        await self.room.until(lambda: found() is not None or self.is_closed, timeout_s)
        event = found()
        if event is None:
            raise CallOver(f"the server closed the socket ({self.close_code} {self.close_reason}) before '{kind}' came")
        return event

    async def wait_closed(self, timeout_s: float) -> int | None:
        """Until the server closed the socket; returns the close code. Raises `TimeoutError`."""
        await self.room.until(lambda: self.is_closed, timeout_s)
        return self.close_code

    async def until_closed(self) -> None:
        """Until the connection is gone, however long that takes."""
        assert self._socket is not None, "the caller is used outside of `async with`"
        await self._socket.closed.wait()

    async def wait_for_agent_speech(self, timeout_s: float, *, after: float | None = None) -> float:
        return await self.room.wait_for_agent_speech(timeout_s, after=after)

    async def wait_for_agent_silence(self, quiet_ms: float, timeout_s: float) -> float:
        return await self.room.wait_for_agent_silence(quiet_ms, timeout_s)

    async def say(self, pcm16: bytes, *, rate_hz: int = UP_RATE_HZ) -> Said:
        return await self.room.say(pcm16, rate_hz=rate_hz)

    def send_text(self, text: str) -> None:
        self.send_json({"type": "text", "text": text})

    def dtmf(self, digit: str) -> None:
        self.send_json({"type": "dtmf", "digit": digit})

    def stop(self) -> None:
        self.send_json({"type": "stop"})

    def send_json(self, message: Any) -> None:
        self.send_raw(json.dumps(message))

    def send_raw(self, message: str | bytes) -> None:
        """Anything at all, for tests of garbage."""
        assert self._socket is not None, "the caller is used outside of `async with`"
        self._socket.send(message)

    def drop(self) -> None:
        """Lose the connection without a close frame."""
        if self._socket is not None:
            self._socket.abort()

    def _send_frame(self, frame: bytes) -> None:
        if self._socket is None or not self._microphone:
            return
        self._pending += frame
        while len(self._pending) >= self._want:
            self._socket.send(bytes(self._pending[: self._want]))
            del self._pending[: self._want]
            self._want = next(self._sizes)

    def _receive(self, message: str | bytes) -> None:
        now = self.room.now
        if isinstance(message, bytes):
            self.audio_messages.append((now, message))
            self._play(message)
            return
        event = Event(now, _json_object(message))
        if not event.data:
            self.problems.append(f"not a JSON object: {message[:80]}")
        else:
            self.events.append(event)
        if event.type == "audioStop":
            self.room.clear()
        self._watch(Mistake(message[:80]) if event.data.get("type") is None else event)

    def _play(self, message: bytes) -> None:
        try:
            self.room.play(message if self._is_pcm else decode_audio(message, DOWN_RATE_HZ))
        except ValueError as err:
            self.problems.append(f"undecodable audio: {err}")


def _json_object(message: str) -> dict[str, Any]:
    """Empty when it is none."""
    try:
        parsed: Any = json.loads(message)
    except ValueError:
        return {}
    return cast(dict[str, Any], parsed) if isinstance(parsed, dict) else {}
