"""What the caller says: the audio on its way to the runtime, the last seconds of it, and the windows for the speech model."""

from typing import Final

import numpy as np
from callstage_audio.g711 import ulaw_to_pcm16
from callstage_audio.level import SILENCE_DBFS, rms_dbfs
from callstage_audio.rechunk import Rechunker
from callstage_audio.resample import Resampler
from callstage_audio.vad import VAD_RATE_HZ, VAD_WINDOW_BYTES, VAD_WINDOW_MS, VAD_WINDOW_SAMPLES
from callstage_domain.audio import FRAME_MS, AudioFormat

from media_gateway.vad.batch import Heard

MAX_KEPT_MS: Final = 15_000
BEFORE_SPEECH_MS: Final = 500
"""Audio before the detected beginning that a recogniser needs."""
MAX_BACKLOG_MS: Final = 2_000
"""A caller's audio that waits for its tick; more than this has come in a burst and the oldest is dropped."""
_KEPT_QUIET_S: Final = 2
"""Kept while nobody speaks: enough for what lies before the detected beginning."""
_STALL_MS: Final = 400
_SILENT_WINDOW = np.zeros(VAD_WINDOW_SAMPLES, np.int16)


class Ears:
    """One direction of one call, in the leg's `uplink` format. `heard_ms` counts all audio since the leg opened."""

    def __init__(self, uplink: AudioFormat) -> None:
        self.format = uplink
        # Asked for in every tick of every call: reckoned once.
        self._frame_bytes = uplink.size_bytes(FRAME_MS)
        self._second_bytes = uplink.size_bytes(1000)
        self._bytes_per_ms = self._second_bytes / 1000
        self._window_bytes = uplink.size_bytes(VAD_WINDOW_MS)
        self._is_ulaw = uplink is AudioFormat.PCMU_8K
        self._fresh = bytearray()
        self._kept = bytearray()
        self._total_bytes = 0
        self._keep_from: int | None = None
        self._to_8k = Resampler(uplink.rate_hz, VAD_RATE_HZ) if uplink.rate_hz != VAD_RATE_HZ else None
        self._windows = Rechunker(VAD_WINDOW_BYTES)
        self._window_end_ms = 0.0
        self._heard_at_ms: float | None = None
        self._stalled_ms = 0.0

    @property
    def heard_ms(self) -> float:
        """Audio taken by `take` so far."""
        return self._total_bytes / self._bytes_per_ms

    @property
    def window_end_ms(self) -> float:
        """Where the windows' clock stands."""
        return self._window_end_ms

    def push(self, audio: bytes) -> None:
        """From the leg, whole samples of any length."""
        self._fresh += audio
        surplus = len(self._fresh) - MAX_BACKLOG_MS // 1000 * self._second_bytes
        if surplus > 0:
            del self._fresh[:surplus]

    def take(self) -> bytes:
        """Whole 20 ms frames that came since the last time, at most one second; nothing until they complete a window of the speech model."""
        waiting = len(self._fresh)
        if self._total_bytes % self._window_bytes + waiting < self._window_bytes:
            return b""
        size = min(waiting - waiting % self._frame_bytes, self._second_bytes)
        if not size:
            return b""
        audio = bytes(self._fresh[:size])
        del self._fresh[:size]
        self._kept += audio
        self._total_bytes += size
        self._forget()
        return audio

    def windows(self, audio: bytes, now_ms: float, *, is_listening: bool, floor_dbfs: float) -> list[Heard]:
        """The 32 ms windows that `audio` completes. While someone is taken to speak and no audio comes at all, silence stands in for it."""
        if not audio:
            return self._while_stalled(now_ms) if is_listening else []
        self._heard_at_ms = now_ms
        pcm = ulaw_to_pcm16(audio) if self._is_ulaw else audio
        if self._to_8k is not None:
            pcm = self._to_8k.push(pcm)
        return [self._window(window, floor_dbfs) for window in self._windows.push(pcm)]

    def _window(self, pcm: bytes, floor_dbfs: float) -> Heard:
        self._window_end_ms += VAD_WINDOW_MS
        level = rms_dbfs(pcm)
        return Heard(np.frombuffer(pcm, np.int16), level, self._window_end_ms, level < floor_dbfs)

    def _while_stalled(self, now_ms: float) -> list[Heard]:
        if self._heard_at_ms is None or now_ms - self._heard_at_ms < _STALL_MS:
            return []
        self._heard_at_ms += VAD_WINDOW_MS
        self._window_end_ms += VAD_WINDOW_MS
        self._stalled_ms += VAD_WINDOW_MS
        return [Heard(_SILENT_WINDOW, SILENCE_DBFS, self._window_end_ms, True)]

    def at_ms(self, window_ms: float) -> int:
        """A time of the windows' clock as ms of caller audio: silence that stood in does not count."""
        return int(min(max(0.0, window_ms - self._stalled_ms), self.heard_ms))

    def keep_from(self, at_ms: int) -> None:
        """From here on the caller's words are not answered yet: keep them (at most 15 s), in case the runtime is lost."""
        if self._keep_from is None:
            self._keep_from = max(0, self.format.size_bytes(max(0, at_ms - BEFORE_SPEECH_MS)))

    def forget(self) -> None:
        """The caller's words were answered."""
        self._keep_from = None

    def unanswered(self) -> tuple[bytes, int]:
        """The kept words and the time (ms of caller audio) at which they begin; empty when everything was answered."""
        first = self._total_bytes - len(self._kept)
        start = max(first, self._keep_from) if self._keep_from is not None else self._total_bytes
        start -= (start - first) % self._frame_bytes
        return bytes(self._kept[start - first :]), int(self.format.duration_ms(start))

    def _forget(self) -> None:
        """Bound what is kept; a second of surplus is dropped at once, which is cheaper than a little at every tick."""
        surplus = len(self._kept) - (_KEPT_QUIET_S if self._keep_from is None else MAX_KEPT_MS // 1000) * self._second_bytes
        if surplus > self._second_bytes:
            del self._kept[: surplus - surplus % self._frame_bytes]
