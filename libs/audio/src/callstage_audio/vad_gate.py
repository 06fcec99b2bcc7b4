"""Speech probabilities in, starts and stops of speech out. Sans-IO: time comes in as an argument."""

from dataclasses import dataclass
from typing import Literal

VadEvent = Literal["start", "stop"]

# What lies on both sides of a longer hole in the audio is not one run.
_MAX_HOLE_WINDOWS = 4

# How fast the two levels forget, in dB per second: the level of speech is that of its loud vowels, the floor that of its deepest pauses.
_SPEECH_FALLS_DB_PER_S = 8.0
_FLOOR_RISES_DB_PER_S = 3.0
_NEAR_FLOOR_DB = 10.0


@dataclass(frozen=True, slots=True)
class VadGateSettings:
    """When speech counts as begun and as over. All levels are RMS dBFS, all times ms of audio."""

    start_ms: float = 200
    """Speech lasts this long before `start`; one low window in between is forgiven."""
    stop_ms: float = 200
    """Quiet lasts this long before `stop`, in whole windows: rounded down when every window is silent by its level, else up."""
    start_threshold: float = 0.5
    """Probability from which a window is speech while no one speaks."""
    stop_threshold: float = 0.35
    """Probability below which a window is quiet while someone speaks. At most `start_threshold`."""
    energy_floor_dbfs: float = -60.0
    """A window below this level is quiet whatever the model says, and need not be shown to it."""
    quiet_drop_db: float = 24.0
    """While someone speaks, a window so far below the level of that speech and near the noise floor is quiet whatever the model says: for two or
    three windows after the last word its probability still remembers it."""
    silent_drop_db: float = 29.0
    """So far below there is no speech for sure, not even a soft syllable."""
    window_ms: float = 32
    """Length of a window."""

    def __post_init__(self) -> None:
        if not 0 < self.stop_threshold <= self.start_threshold < 1:
            raise ValueError("need 0 < stop_threshold <= start_threshold < 1")
        if self.start_ms < 0 or self.stop_ms < 0 or self.window_ms <= 0:
            raise ValueError("times must not be negative, window_ms must be positive")


class VadGate:
    """The start/stop machine of one call. Windows arrive in order; lengths are counted in audio, so a late window changes nothing.

    When a caller's audio stops arriving altogether, push `(None, level.SILENCE_DBFS, now_ms)` in its place, or no `stop` will come.
    """

    __slots__ = (
        "_changed_ms",
        "_floor_dbfs",
        "_floor_rise_db",
        "_forgiven",
        "_is_speaking",
        "_last_ms",
        "_run_ms",
        "_run_started_ms",
        "_settings",
        "_silent_ms",
        "_speech_dbfs",
        "_speech_fall_db",
        "_stop_when_silent_ms",
    )

    def __init__(self, settings: VadGateSettings | None = None) -> None:
        self._settings = settings = settings or VadGateSettings()
        self._stop_when_silent_ms = max(1, settings.stop_ms // settings.window_ms) * settings.window_ms
        self._speech_fall_db = _SPEECH_FALLS_DB_PER_S * settings.window_ms / 1000
        self._floor_rise_db = _FLOOR_RISES_DB_PER_S * settings.window_ms / 1000
        self.reset()

    @property
    def is_speaking(self) -> bool:
        """True between a start and its stop."""
        return self._is_speaking

    @property
    def run_started_ms(self) -> float | None:
        """When the run that argues for a change began: speech not yet long enough for `start`, quiet not yet for `stop`. None when there is none."""
        return self._run_started_ms

    @property
    def changed_ms(self) -> float | None:
        """When the present speech or quiet really began, which lies `start_ms` or `stop_ms` before its event. None before the first event."""
        return self._changed_ms

    def needs_model(self, level_dbfs: float) -> bool:
        """False for a window so quiet that the model need not see it: `push(None, …)` will do."""
        return level_dbfs >= self._settings.energy_floor_dbfs

    def push(self, probability: float | None, level_dbfs: float, now_ms: float) -> VadEvent | None:
        """Take the window that ended at `now_ms`; `probability` is None when the model was not asked."""
        if self._last_ms is not None and now_ms - self._last_ms > _MAX_HOLE_WINDOWS * self._settings.window_ms:
            self._end_run()
        self._last_ms = now_ms
        settings = self._settings
        heard = probability if probability is not None and level_dbfs >= settings.energy_floor_dbfs else 0.0
        level_dbfs = max(level_dbfs, settings.energy_floor_dbfs)
        self._floor_dbfs = min(level_dbfs, self._floor_dbfs + self._floor_rise_db)
        if heard >= settings.start_threshold:
            self._speech_dbfs = max(level_dbfs, self._speech_dbfs - self._speech_fall_db)
        if not self._is_speaking:
            return self._push_while_quiet(heard, now_ms)
        drop_db = self._speech_dbfs - level_dbfs if level_dbfs - self._floor_dbfs <= _NEAR_FLOOR_DB else 0.0
        return self._push_while_speaking(heard, drop_db, now_ms)

    def reset(self) -> None:
        """Back to quiet, without an event."""
        self._is_speaking = False
        self._changed_ms: float | None = None
        self._last_ms: float | None = None
        self._speech_dbfs = self._settings.energy_floor_dbfs
        self._floor_dbfs = 0.0
        self._end_run()

    def _push_while_quiet(self, heard: float, now_ms: float) -> VadEvent | None:
        settings = self._settings
        if heard < settings.start_threshold:
            # Between the thresholds a run of speech goes on; below, one window is forgiven (the closure of a "p"), a second one ends it.
            if heard < settings.stop_threshold and self._forgiven:
                self._end_run()
            elif self._run_started_ms is not None:
                self._forgiven = self._forgiven or heard < settings.stop_threshold
                self._run_ms += settings.window_ms
            return None
        self._extend_run(now_ms)
        return self._change("start") if self._run_ms >= settings.start_ms else None

    def _push_while_speaking(self, heard: float, drop_db: float, now_ms: float) -> VadEvent | None:
        settings = self._settings
        if heard >= settings.stop_threshold and drop_db < settings.quiet_drop_db:
            self._end_run()
            return None
        self._extend_run(now_ms)
        self._silent_ms = self._silent_ms + settings.window_ms if drop_db >= settings.silent_drop_db else 0.0
        is_over = self._run_ms >= settings.stop_ms or self._silent_ms >= self._stop_when_silent_ms
        return self._change("stop") if is_over else None

    def _extend_run(self, now_ms: float) -> None:
        if self._run_started_ms is None:
            self._run_started_ms = now_ms - self._settings.window_ms
        self._run_ms += self._settings.window_ms

    def _change(self, event: VadEvent) -> VadEvent:
        self._is_speaking = event == "start"
        self._changed_ms = self._run_started_ms
        self._end_run()
        return event

    def _end_run(self) -> None:
        self._run_ms = self._silent_ms = 0.0
        self._run_started_ms: float | None = None
        self._forgiven = False
