"""What is sound, and when the agent was heard: runs of voiced frames."""

from __future__ import annotations

from dataclasses import dataclass

from callstage_audio.pcm import samples

from callstage_phone.codec import PTIME_S

_JOIN_S = 0.4
# -46 dBFS: above the idle noise of a coded line, below any spoken word.
AUDIBLE_PEAK = 164


def is_audible(pcm16: bytes) -> bool:
    """Whether anybody would hear this."""
    signal = samples(pcm16)
    return bool(signal.size) and max(int(signal.max()), -int(signal.min())) > AUDIBLE_PEAK


@dataclass(slots=True)
class HeardRun:
    """Speech with pauses of at most 0.4 s. `ended_at` is the end of its last audible frame so far."""

    started_at: float
    ended_at: float
    is_open: bool = True

    @property
    def seconds(self) -> float:
        return self.ended_at - self.started_at


class Hearing:
    def __init__(self) -> None:
        self.runs: list[HeardRun] = []
        self.quiet_since: float | None = None
        """End of the last audible frame, or the start of listening."""

    def tick(self, now: float, *, is_voiced: bool) -> None:
        if self.quiet_since is None:
            self.quiet_since = now
        current = self.runs[-1] if self.runs and self.runs[-1].is_open else None
        if current is not None and now - current.ended_at > _JOIN_S:
            current.is_open = False
            current = None
        if not is_voiced:
            return
        if current is None:
            current = HeardRun(now, now)
            self.runs.append(current)
        current.ended_at = self.quiet_since = now + PTIME_S

    def close(self) -> None:
        if self.runs:
            self.runs[-1].is_open = False
