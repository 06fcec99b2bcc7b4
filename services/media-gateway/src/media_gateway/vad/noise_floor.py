"""How far the speech of a call rises above the noise of its line. Pure."""

from typing import Final

from callstage_audio.vad import VAD_WINDOW_MS

_FLOOR_RISES_DB: Final = 6.0 * VAD_WINDOW_MS / 1000
"""The floor is the level of the deepest pauses; so slowly it forgets them."""
_PEAK_FALLS_DB: Final = 1.0
"""The level of speech is that of its vowels: it outlasts the consonants between them."""
_LOWEST_DBFS: Final = -60.0
"""Digital silence says nothing about the line."""


class NoiseFloor:
    """One call; windows in order."""

    __slots__ = ("_floor_dbfs", "_peak_dbfs")

    def __init__(self) -> None:
        self._floor_dbfs = _LOWEST_DBFS
        self._peak_dbfs = _LOWEST_DBFS

    def push(self, level_dbfs: float) -> None:
        """The level of the next window."""
        level_dbfs = max(level_dbfs, _LOWEST_DBFS)
        self._floor_dbfs = min(level_dbfs, self._floor_dbfs + _FLOOR_RISES_DB)
        self._peak_dbfs = max(level_dbfs, self._peak_dbfs - _PEAK_FALLS_DB)

    @property
    def speech_over_db(self) -> float:
        """What is loud now over what is always there."""
        return self._peak_dbfs - self._floor_dbfs
