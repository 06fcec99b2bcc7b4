"""From speech probabilities to the three things a call reacts to: speech began, the agent is cut off, speech ended. Sans-IO."""

from dataclasses import dataclass
from typing import Final, Literal

from callstage_audio.vad_gate import VadGate, VadGateSettings

Happening = Literal["started", "barge_in", "stopped"]

WINDOW_MS: Final = 32
_MOST_SENSITIVE_MS = 100.0
_LEAST_SENSITIVE_MS = 800.0


def barge_in_ms(sensitivity: float, start_ms: float) -> float | None:
    """How long the caller has to speak to cut the agent off (rule A2): 0 → never, near 0 → 800 ms, 0.5 → `start_ms`, 1 → 100 ms."""
    if sensitivity <= 0:
        return None
    if sensitivity <= 0.5:
        return _LEAST_SENSITIVE_MS + (start_ms - _LEAST_SENSITIVE_MS) * sensitivity / 0.5
    return start_ms + (_MOST_SENSITIVE_MS - start_ms) * (min(sensitivity, 1.0) - 0.5) / 0.5


def _whole_windows(duration_ms: float) -> float:
    """Rounded down: 200 ms of speech are six windows, a seventh would only be late."""
    return max(1, int(duration_ms // WINDOW_MS)) * WINDOW_MS


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """As the runtime gives them when it opens the call."""

    start_ms: float = 200
    stop_ms: float = 200
    sensitivity: float = 0.5


class SpeechDetector:
    """One call's ear. Times are ms of caller audio."""

    def __init__(self, settings: DetectorSettings | None = None) -> None:
        self.configure(settings or DetectorSettings())

    def configure(self, settings: DetectorSettings) -> None:
        """New thresholds; a run of speech that has begun is forgotten."""
        self._start_ms = _whole_windows(settings.start_ms)
        needed = barge_in_ms(settings.sensitivity, settings.start_ms)
        self._barge_in_ms = None if needed is None else _whole_windows(needed)
        self._gate = VadGate(
            VadGateSettings(start_ms=min(self._start_ms, self._barge_in_ms or self._start_ms), stop_ms=settings.stop_ms, window_ms=WINDOW_MS)
        )
        self._is_declared = False
        self._has_barged_in = False

    @property
    def is_speaking(self) -> bool:
        """True between "started" and "stopped"."""
        return self._is_declared

    @property
    def is_undecided(self) -> bool:
        """True while the gate hears speech: it has to be fed until it says "stop"."""
        return self._gate.is_speaking

    @property
    def is_pausing(self) -> bool:
        """True while quiet argues for "stopped" but has not lasted long enough."""
        return self._gate.is_speaking and self._gate.run_started_ms is not None

    @property
    def changed_ms(self) -> float:
        """When the speech or the quiet of the last happening really began."""
        return max(0.0, self._gate.changed_ms or 0.0)

    def needs_model(self, level_dbfs: float) -> bool:
        """False for a window that is quiet whatever the model would say."""
        return self._gate.needs_model(level_dbfs)

    def push(self, probability: float | None, level_dbfs: float, now_ms: float, *, is_agent_audible: bool) -> list[Happening]:
        """The window that ended at `now_ms`, in order."""
        change = self._gate.push(probability, level_dbfs, now_ms)
        if change == "stop":
            was_declared, self._is_declared, self._has_barged_in = self._is_declared, False, False
            return ["stopped"] if was_declared else []
        # A quiet window does not lengthen the speech, though the gate waits for more of them before it says "stop".
        is_heard = self._gate.is_speaking and self._gate.run_started_ms is None
        return self._while_speaking(now_ms, is_agent_audible) if is_heard else []

    def _while_speaking(self, now_ms: float, is_agent_audible: bool) -> list[Happening]:
        happenings: list[Happening] = []
        spoken_ms = now_ms - self.changed_ms
        cuts_in = is_agent_audible and not self._has_barged_in and self._barge_in_ms is not None and spoken_ms >= self._barge_in_ms
        if not self._is_declared and (cuts_in or spoken_ms >= self._start_ms):
            self._is_declared = True
            happenings.append("started")
        if cuts_in:
            self._has_barged_in = True
            happenings.append("barge_in")
        return happenings
