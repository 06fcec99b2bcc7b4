"""One clock of 20 ms for all calls of the process: caller audio up, speech judged in one batch, playout reported, links flushed."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import structlog
from callstage_domain.audio import FRAME_MS

from media_gateway.vad.batch import Listening, SpeechModel, judge_all

_log = structlog.get_logger(__name__)
_TICK_S: Final = FRAME_MS / 1000
_IDLE_TICKS: Final = 5
"""Without calls the wheel turns slower."""
_SMOOTHING: Final = 0.05
"""Weight of one tick: a second's worth of lateness decides, not one garbage collection."""


class Ticking(Protocol):
    """One call."""

    def listen(self, now_ms: float) -> Listening | None:
        """First half of a tick."""
        ...

    def advance(self, now_ms: float) -> None:
        """Second half, after the speech model."""
        ...

    def broke(self, error: Exception) -> None:
        """A tick of this call failed: end it, the others go on."""
        ...


class TickWheel:
    """`run` drives everything in `calls()`; `flush` is called at the end of each tick."""

    def __init__(self, model: SpeechModel, calls: Callable[[], Iterable[Ticking]], flush: Callable[[], None]) -> None:
        self._model = model
        self._calls = calls
        self._flush = flush
        self.lag_ms = 0.0

    async def run(self) -> None:
        """Until cancelled. A late tick is not made up for: the next one does its work."""
        due_s = time.monotonic()
        while True:
            is_idle = self.tick(time.monotonic() * 1000) == 0
            due_s += _TICK_S * (_IDLE_TICKS if is_idle else 1)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            late_s = time.monotonic() - due_s
            self.lag_ms += _SMOOTHING * (late_s * 1000 - self.lag_ms)
            if late_s > _TICK_S:
                due_s += late_s

    def tick(self, now_ms: float) -> int:
        """One round over all calls; returns how many there are."""
        listening: list[Listening] = []
        calls = list(self._calls())
        for call in calls:
            try:
                heard = call.listen(now_ms)
            except Exception as err:
                call.broke(err)
            else:
                if heard is not None:
                    listening.append(heard)
        try:
            judge_all(self._model, listening)
        except Exception:
            # The model serves all calls: a failure is a defect, and without it the calls still talk.
            _log.exception("speech_model_failed")
        for call in calls:
            try:
                call.advance(now_ms)
            except Exception as err:
                call.broke(err)
        self._flush()
        return len(calls)
