"""Collects one caller utterance for a recogniser that wants it whole. Pure."""

from typing import Final

from callstage_audio.level import rms_dbfs

_RATE_HZ: Final = 16_000
_WINDOW_BYTES: Final = _RATE_HZ * 2 * 20 // 1000
_QUIET_DBFS: Final = -45.0
"""Windows below are no part of speech."""
_LOUD_DBFS: Final = -36.0
"""Speech reaches this somewhere (telephone speech peaks at -30 to -12 dBFS); street noise does not."""
_LEAD_WINDOWS: Final = 2
_TAIL_WINDOWS: Final = 10
"""Silence kept around speech. More of it makes the recogniser invent words."""
_CLICK_WINDOWS: Final = 15
_MAX_WINDOWS: Final = 30 * 50
_MIN_SPEECH_WINDOWS: Final = 3


class Utterance:
    """PCM16 16 kHz windows since the last `take`: leading silence is dropped, 30 s are kept."""

    def __init__(self) -> None:
        self._windows: list[bytes] = []
        self._rest = b""
        self._speech_windows = 0
        self._loudest_dbfs = _QUIET_DBFS
        self._end = 0

    @property
    def has_speech(self) -> bool:
        """True when 60 ms or more sound like speech."""
        return self._speech_windows >= _MIN_SPEECH_WINDOWS and self._loudest_dbfs >= _LOUD_DBFS

    @property
    def duration_s(self) -> float:
        """Seconds kept."""
        return len(self._windows) / 50

    def add(self, pcm16: bytes) -> None:
        """Append audio of any length."""
        data = self._rest + pcm16
        whole = len(data) - len(data) % _WINDOW_BYTES
        self._rest = data[whole:]
        for start in range(0, whole, _WINDOW_BYTES):
            self._add_window(data[start : start + _WINDOW_BYTES])

    def audio(self) -> bytes:
        """Speech with a little silence around it, b"" when there was none."""
        return b"".join(self._windows[: self._end + _TAIL_WINDOWS]) if self.has_speech else b""

    def take(self) -> bytes:
        """`audio`, and begin anew."""
        audio = self.audio()
        self._windows, self._rest = [], b""
        self._forget_speech()
        return audio

    def _forget_speech(self) -> None:
        self._speech_windows, self._loudest_dbfs, self._end = 0, _QUIET_DBFS, 0

    def _add_window(self, window: bytes) -> None:
        level = rms_dbfs(window)
        self._windows.append(window)
        if level >= _QUIET_DBFS:
            self._speech_windows += 1
            self._loudest_dbfs = max(self._loudest_dbfs, level)
            self._end = len(self._windows)
        elif not self.has_speech and len(self._windows) - self._end > _CLICK_WINDOWS:
            # A click or a cough long ago is no beginning of speech.
            self._forget_speech()
        if self._end == 0:
            del self._windows[:-_LEAD_WINDOWS]
        if len(self._windows) > _MAX_WINDOWS:
            del self._windows[0]
            self._end = max(0, self._end - 1)
