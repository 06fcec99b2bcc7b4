"""Carrier, telephone and caller: plays what the gateway sends, in real (virtual) time, and sends back what the microphone hears."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from callstage_audio.g711 import pcm16_to_ulaw, ulaw_to_pcm16
from callstage_domain.audio import AudioFormat
from media_gateway.legs.port import LegListener

from tests.turn_taking.voices import Signal

FRAME_MS = 20
FRAME = 160
_MARK_LATE_MS = 60


class FarEnd:
    """A `Leg` of a carrier. `frame` moves the time on by 20 ms."""

    uplink = downlink = AudioFormat.PCMU_8K
    returns_marks = True
    is_carrier = True

    def __init__(self, caller: Signal, echo: Signal | None, echo_delay_ms: int) -> None:
        self._caller = caller
        self._echo = echo
        self._played = np.zeros(echo_delay_ms * 8 + (echo.size if echo is not None else 0) + FRAME, np.float32)
        self._waiting: deque[bytes | str] = deque()
        self._marks: deque[tuple[int, str]] = deque()
        self._rest = b""
        self._listener: LegListener | None = None
        self.now_ms = 0
        self.cleared_ms: list[int] = []
        self.played_ms = 0
        self.bytes_played = bytearray()

    def listen(self, listener: LegListener) -> None:
        self._listener = listener

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        assert self._listener is not None
        audio = self._rest + audio
        end = len(audio) - len(audio) % FRAME
        self._rest, audio = audio[end:], audio[:end]
        self._waiting.extend(audio[start : start + FRAME] for start in range(0, len(audio), FRAME))
        if audio:
            self._listener.on_sent(utterance_id, len(audio) / 8)

    def end_segment(self, utterance_id: str, segment: int) -> None:
        if self._rest:
            rest, self._rest = self._rest.ljust(FRAME, b"\xff"), b""
            self.play(utterance_id, segment, rest)

    def end_utterance(self, utterance_id: str) -> None:
        assert self._listener is not None
        self.end_segment(utterance_id, 0)
        self._listener.on_utterance_sent(utterance_id)

    def mark(self, name: str) -> None:
        self._waiting.append(name)

    def clear(self) -> None:
        self._waiting.clear()
        self._rest = b""
        self.cleared_ms.append(self.now_ms)

    def notify(self, kind: str, fields: Mapping[str, Any]) -> None: ...

    async def read(self) -> None: ...

    async def write(self) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...

    @property
    def is_silent(self) -> bool:
        """True while nothing of the agent is to be heard."""
        return not any(isinstance(item, bytes) for item in self._waiting)

    def frame(self) -> None:
        """The next 20 ms: play, hear, send."""
        assert self._listener is not None
        played = self._next_played()
        self._played = np.concatenate((self._played[FRAME:], played))
        start = self.now_ms * 8
        heard = np.zeros(FRAME, np.float32)
        piece = self._caller[start : start + FRAME]
        heard[: piece.size] = piece
        if self._echo is not None:
            heard += np.convolve(self._played[: self._echo.size + FRAME - 1], self._echo, "valid")
        self.now_ms += FRAME_MS
        while self._marks and self._marks[0][0] <= self.now_ms:
            self._listener.on_mark(self._marks.popleft()[1])
        self._listener.on_audio(pcm16_to_ulaw(np.clip(heard, -32768, 32767).astype(np.int16).tobytes()))

    def _next_played(self) -> Signal:
        while self._waiting:
            item = self._waiting.popleft()
            if isinstance(item, bytes):
                self.played_ms += FRAME_MS
                self.bytes_played += item
                return np.frombuffer(ulaw_to_pcm16(item), np.int16).astype(np.float32)
            self._marks.append((self.now_ms + _MARK_LATE_MS, item))
        return np.zeros(FRAME, np.float32)
