"""The caller's end of a conversation: speaks and plays 20 ms per tick, notes what was heard, lets a script wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from callstage_audio.resample import resample

from callstage_phone.clock import TickWheel
from callstage_phone.codec import PTIME_S, Codec
from callstage_phone.hearing import HeardRun, Hearing
from callstage_phone.playout import Gap, PlayoutBuffer
from callstage_phone.recording import StereoRecording

_LOUD = 400


class CallOver(Exception):
    """What was waited for cannot happen any more, the call has ended."""


@dataclass(slots=True)
class Said:
    """When an utterance was sent. `speech_ended_at` is the tick that sent its last loud sample (trailing silence left out)."""

    started_at: float = 0.0
    speech_started_at: float = 0.0
    speech_ended_at: float = 0.0
    ended_at: float = 0.0


@dataclass(slots=True)
class _Utterance:
    audio: bytes
    first_loud: int
    last_loud: int
    said: Said
    done: asyncio.Future[Said]
    position: int = 0


class Listener(Protocol):
    """Somebody who listens along, tick by tick. Called from a timer: must be quick and must not raise."""

    def tick(self, now: float, sent: bytes, played: bytes) -> None:
        """20 ms went by: one frame of the caller (in the room's codec) and one of the agent (in the playout's)."""
        ...

    def cut_off(self) -> None:
        """The agent is about to be cut short; its queue is still there."""
        ...


class Room:
    """Shared by all simulated callers. `send_frame` gets one encoded frame per tick, `send_mark` the marks that were played."""

    def __init__(self, codec: Codec, *, send_frame: Callable[[bytes], None], send_mark: Callable[[str], None], record: bool = True) -> None:
        self.codec = codec
        self.playout = PlayoutBuffer(codec)
        self.hearing = Hearing()
        self.recording = StereoRecording(codec) if record else None
        self.listener: Listener | None = None
        self.cleared: list[float] = []
        self.frames_sent = 0
        self._send_frame = send_frame
        self._send_mark = send_mark
        self._silence = codec.silence(codec.frame_bytes)
        self._speech: list[_Utterance] = []
        self._waiters: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._wheel = TickWheel.shared()
        self._open = False
        self._over = False

    @property
    def now(self) -> float:
        return self._wheel.now()

    @property
    def is_speaking(self) -> bool:
        """Whether the caller has something left to say."""
        return bool(self._speech)

    @property
    def heard(self) -> list[HeardRun]:
        return self.hearing.runs

    @property
    def underruns(self) -> list[Gap]:
        return self.playout.gaps

    def open(self) -> None:
        """Start ticking (again); does nothing while ticking."""
        if not self._open and not self._over:
            self._open = True
            self._wheel.add(self._tick)

    def close(self) -> None:
        """End for good: pending waits raise `CallOver`."""
        self._over = True
        if self._open:
            self._wheel.remove(self._tick)
            self._open = False
        self.hearing.close()
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(CallOver("the call ended while waiting"))
        for utterance in self._speech:
            if not utterance.done.done():
                utterance.done.set_exception(CallOver("the call ended while the caller spoke"))
                # Whoever called `speak` may not wait for the end.
                utterance.done.exception()
        self._waiters.clear()
        self._speech.clear()

    def play(self, audio: bytes) -> None:
        self.playout.push(audio, self.now)

    def mark(self, name: str) -> None:
        for echo in self.playout.mark(name):
            self._send_mark(echo)

    def clear(self) -> None:
        if self.listener is not None:
            self.listener.cut_off()
        self.cleared.append(self.now)
        for name in self.playout.clear():
            self._send_mark(name)

    async def say(self, pcm16: bytes, *, rate_hz: int = 8000) -> Said:
        """`speak`, then wait until the last frame was sent. Raises `CallOver`."""
        return await self.speak(pcm16, rate_hz=rate_hz)

    def speak(self, pcm16: bytes, *, rate_hz: int = 8000) -> asyncio.Future[Said]:
        """Speak into the call in real time, from the next tick on. Utterances queue up. Raises `CallOver`, the future too."""
        if self._over:
            raise CallOver("the call has ended")
        pcm = pcm16 if rate_hz == self.codec.rate_hz else resample(pcm16, rate_hz, self.codec.rate_hz)
        loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) > _LOUD)
        first, last = (int(loud[0]), int(loud[-1])) if len(loud) else (0, max(0, len(pcm) // 2 - 1))
        width = self.codec.sample_bytes
        done: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._speech.append(_Utterance(self.codec.encode(pcm), first * width, last * width, Said(), done))
        return done

    async def wait_for_agent_speech(self, timeout_s: float, *, after: float | None = None) -> float:
        """Start of the agent's current or next run; with `after`, of the first run that started at or after that time.

        Raises `TimeoutError`, or `CallOver` when the call ends first.
        """
        if after is None:
            await self.until(lambda: bool(self.heard) and self.heard[-1].is_open, timeout_s)
            return self.heard[-1].started_at
        await self.until(lambda: any(run.started_at >= after for run in self.heard), timeout_s)
        return next(run.started_at for run in self.heard if run.started_at >= after)

    async def wait_for_agent_silence(self, quiet_ms: float, timeout_s: float) -> float:
        """Until nothing was heard for `quiet_ms` and nothing is queued; returns when the silence began."""

        def is_quiet() -> bool:
            since = self.hearing.quiet_since
            return since is not None and self.now - since >= quiet_ms / 1000 and self.playout.queued_s == 0.0

        await self.until(is_quiet, timeout_s)
        return self.hearing.quiet_since or self.now

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait for a condition that is looked at every tick."""
        if condition():
            return
        if self._over:
            raise CallOver("the call has ended")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (condition, future)
        self._waiters.append(entry)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        finally:
            if entry in self._waiters:
                self._waiters.remove(entry)

    def _tick(self, now: float) -> None:
        frame = self._next_frame(now) if self._speech else self._silence
        self._send_frame(frame)
        self.frames_sent += 1
        played, marks = self.playout.take()
        for name in marks:
            self._send_mark(name)
        codec = self.playout.codec
        self.hearing.tick(now, is_voiced=codec.is_voiced(played))
        if self.recording is not None:
            self.recording.add(now, frame, played, codec)
        if self.listener is not None:
            self.listener.tick(now, frame, played)
        if self._waiters:
            for condition, future in list(self._waiters):
                if not future.done() and condition():
                    future.set_result(None)

    def _next_frame(self, now: float) -> bytes:
        utterance = self._speech[0]
        size = self.codec.frame_bytes
        start, end = utterance.position, utterance.position + size
        if start == 0:
            utterance.said.started_at = now
        if start <= utterance.first_loud < end:
            utterance.said.speech_started_at = now
        if start <= utterance.last_loud < end:
            utterance.said.speech_ended_at = now
        frame = utterance.audio[start:end]
        utterance.position = end
        if end >= len(utterance.audio):
            utterance.said.ended_at = now + PTIME_S
            self._speech.pop(0)
            if not utterance.done.done():
                utterance.done.set_result(utterance.said)
        return frame if len(frame) == size else frame + self.codec.silence(size - len(frame))
