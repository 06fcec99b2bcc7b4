"""The end-of-turn model beside the event loop, and the stretch of a call that it listens to."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog
from callstage_audio.g711 import ulaw_to_pcm16
from callstage_audio.smart_turn import SMART_TURN_MS, SmartTurn, SmartTurnError
from callstage_audio.smart_turn_file import smart_turn_path
from callstage_domain.audio import AudioFormat
from callstage_kit.tasks import in_thread
from callstage_kit.telemetry.metrics import TURN_MODEL_SECONDS

_log = structlog.get_logger(__name__)
MOST_WAITING = 4
"""An answer that comes after 150 ms of others is too late to shorten a wait."""
_BEFORE_SPEECH_MS = 800.0
"""Kept of the time before speech was noticed: the notice comes 200 ms or more after the first sound."""


class Judge(Protocol):
    """The part of `SmartTurn` in use."""

    def end_probability(self, pcm16: bytes, rate_hz: int) -> float: ...


class TurnModel:
    """One for all calls of the process: one question at a time, in a thread. `load` is called with the first one: many processes never ask."""

    def __init__(self, load: Callable[[], Judge] = SmartTurn) -> None:
        self._load = load
        self._model: Judge | None = None
        self._is_broken = False
        self._free = asyncio.Lock()
        self._waiting = 0

    async def end_probability(self, audio: bytes, audio_format: AudioFormat) -> float | None:
        """Probability that the turn in `audio` is over; None when too many ask already, or the model cannot be used."""
        if self._is_broken:
            return None
        if self._waiting >= MOST_WAITING:
            TURN_MODEL_SECONDS.labels("refused").observe(0.0)
            return None
        self._waiting += 1
        try:
            async with self._free:
                with TURN_MODEL_SECONDS.labels("answered").time():
                    return await in_thread(self._judge, audio, audio_format)
        except SmartTurnError as err:
            self._is_broken = True
            _log.warning("turn_model_broken", reason=str(err))
            return None
        finally:
            self._waiting -= 1

    def _judge(self, audio: bytes, audio_format: AudioFormat) -> float:
        pcm16 = ulaw_to_pcm16(audio) if audio_format is AudioFormat.PCMU_8K else audio
        if self._model is None:
            self._model = self._load()
        return self._model.end_probability(pcm16, audio_format.rate_hz)


def turn_model() -> TurnModel | None:
    """None, said once in the log, when it is not installed: turns end by silence and words then."""
    if smart_turn_path() is None:
        _log.info("turn_model_absent", fetch="python -m callstage_audio.smart_turn_file")
        return None
    return TurnModel()


class RecentAudio:
    """The caller's present turn, as far back as the model looks."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self.audio_format = audio_format
        self._pieces: deque[bytes] = deque()
        self._bytes = 0
        self._is_in_turn = False

    def add(self, data: bytes) -> None:
        """More of it."""
        self._pieces.append(data)
        self._bytes += len(data)
        self._trim(self.audio_format.size_bytes(SMART_TURN_MS))

    def speech_began(self) -> None:
        """What lies long before the first word of a turn is not part of it."""
        if not self._is_in_turn:
            self._is_in_turn = True
            self._trim(self.audio_format.size_bytes(_BEFORE_SPEECH_MS))

    def turn_ended(self) -> None:
        """The next speech begins another turn."""
        self._is_in_turn = False

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self._pieces)

    def _trim(self, limit_bytes: int) -> None:
        while self._bytes - len(self._pieces[0] if self._pieces else b"") >= limit_bytes:
            self._bytes -= len(self._pieces.popleft())
