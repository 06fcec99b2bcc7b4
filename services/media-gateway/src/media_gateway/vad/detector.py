"""From speech probabilities to the three things a call reacts to: speech began, the agent is cut off, speech ended. Sans-IO."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from callstage_audio.vad_gate import VadGate, VadGateSettings
from callstage_domain.interruption import barge_in_rule

from media_gateway.vad.noise_floor import NoiseFloor

Happening = Literal["started", "barge_in", "stopped"]

WINDOW_MS: Final = 32
ECHO_AGAIN_MS: Final = 3 * WINDOW_MS
"""What was taken for our own voice is looked at again after so much more of it: a caller may have begun to speak over it."""
MOST_DOUBTS: Final = 3
DOUBT_MS: Final = 5_000
"""For so long after a false alarm the next one takes longer: what silenced the agent for nothing may well do it again at the same word."""


def _never() -> bool:
    return False


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
        self._noise = NoiseFloor()
        self.configure(settings or DetectorSettings())

    def configure(self, settings: DetectorSettings) -> None:
        """New thresholds; a run of speech that has begun is forgotten."""
        self._start_ms = _whole_windows(settings.start_ms)
        rule = barge_in_rule(settings.sensitivity, settings.start_ms)
        # Where words are needed the runtime silences the agent: it alone knows them.
        self._barge_in_ms = _whole_windows(rule.min_speech_ms) if rule is not None and rule.min_words == 0 else None
        self._margin_db = rule.margin_db if rule is not None else 0.0
        self._gate = VadGate(
            VadGateSettings(start_ms=min(self._start_ms, self._barge_in_ms or self._start_ms), stop_ms=settings.stop_ms, window_ms=WINDOW_MS)
        )
        self._is_declared = False
        self._has_barged_in = False
        self._echo_until_ms = 0.0
        self._doubts = 0
        self._doubted_ms = 0.0

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

    def doubt(self, now_ms: float) -> None:
        """The last barge-in was none: the next one needs twice, then three and four times as much speech, until nothing has happened for a while."""
        self._doubts = min(MOST_DOUBTS, (self._doubts if now_ms - self._doubted_ms < DOUBT_MS else 0) + 1)
        self._doubted_ms = now_ms

    def needs_model(self, level_dbfs: float) -> bool:
        """False for a window that is quiet whatever the model would say."""
        return self._gate.needs_model(level_dbfs)

    def push(
        self, probability: float | None, level_dbfs: float, now_ms: float, *, is_agent_audible: bool, is_echo: Callable[[], bool] = _never
    ) -> list[Happening]:
        """The window that ended at `now_ms`, in order. `is_echo` says whether the last windows are our own voice; asked only before a decision."""
        self._noise.push(level_dbfs)
        change = self._gate.push(probability, level_dbfs, now_ms)
        if change == "stop":
            was_declared, self._is_declared, self._has_barged_in = self._is_declared, False, False
            self._echo_until_ms = 0.0
            return ["stopped"] if was_declared else []
        # A quiet window does not lengthen the speech, though the gate waits for more of them before it says "stop".
        is_heard = self._gate.is_speaking and self._gate.run_started_ms is None
        return self._while_speaking(now_ms, is_agent_audible, is_echo) if is_heard else []

    def _while_speaking(self, now_ms: float, is_agent_audible: bool, is_echo: Callable[[], bool]) -> list[Happening]:
        spoken_ms = now_ms - max(self.changed_ms, self._echo_until_ms)
        doubts = self._doubts if now_ms - self._doubted_ms < DOUBT_MS else 0
        cuts_in = is_agent_audible and not self._has_barged_in and self._barge_in_ms is not None and spoken_ms >= self._barge_in_ms * (1 + doubts)
        is_loud = not is_agent_audible or self._noise.speech_over_db >= self._margin_db
        cuts_in = cuts_in and is_loud
        is_start = not self._is_declared and (cuts_in or (spoken_ms >= self._start_ms and is_loud))
        if not cuts_in and not is_start:
            return []
        if is_echo():
            self._echo_until_ms = now_ms - max(0.0, min(self._start_ms, self._barge_in_ms or self._start_ms) - ECHO_AGAIN_MS)
            return []
        happenings: list[Happening] = []
        if is_start:
            self._is_declared = True
            happenings.append("started")
        if cuts_in:
            self._has_barged_in = True
            happenings.append("barge_in")
        return happenings
