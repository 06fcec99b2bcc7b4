"""One model run for the windows of all calls of a tick."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from callstage_audio.vad import VadState
from numpy import int16
from numpy.typing import NDArray

Window = NDArray[int16]


class SpeechModel(Protocol):
    """`callstage_audio.vad.SileroVad`."""

    def speech_probabilities(self, windows: Sequence[Window], states: Sequence[VadState]) -> list[float]:
        """One probability per window; moves every state on."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """One window of one call. `level_dbfs` too low for the model: `is_quiet`."""

    samples: Window
    level_dbfs: float
    end_ms: float
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class Listening:
    """The windows of one call in this tick, in order, and where their verdicts go: `judge(window, probability or None)`."""

    state: VadState
    windows: Sequence[Heard]
    judge: Callable[[Heard, float | None], None]


def judge_all(model: SpeechModel, calls: Sequence[Listening]) -> None:
    """Ask the model once per round: a round takes at most one window of each call, because a call's windows build on each other."""
    for position in range(max((len(call.windows) for call in calls), default=0)):
        current = [(call, call.windows[position]) for call in calls if position < len(call.windows)]
        asked = [(call, window) for call, window in current if not window.is_quiet]
        verdicts = iter(model.speech_probabilities([window.samples for _, window in asked], [call.state for call, _ in asked]) if asked else ())
        for call, window in current:
            call.judge(window, None if window.is_quiet else next(verdicts))
