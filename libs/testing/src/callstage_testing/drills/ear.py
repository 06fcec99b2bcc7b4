"""What a caller noticed, frame by frame."""

from __future__ import annotations

from callstage_phone.hearing import is_audible
from callstage_phone.room import Room

_NATURAL_PAUSE_S = 0.25
"""Between words and sentences; shorter silences are nobody's fault."""
_FRAME_S = 0.02


class Ear:
    """A `Listener` of a room that remembers when something could be heard, for the last minute."""

    def __init__(self, room: Room) -> None:
        self._codec = room.playout
        self._heard: list[tuple[float, bool]] = []
        room.listener = self

    def tick(self, now: float, sent: bytes, played: bytes) -> None:
        """See `Listener`."""
        self._heard.append((now, is_audible(self._codec.codec.decode(played))))
        if len(self._heard) > 6000:
            del self._heard[:3000]

    def cut_off(self) -> None:
        """See `Listener`."""

    def first_sound(self, after: float) -> float | None:
        """When something was heard again."""
        return next((at for at, is_heard in self._heard if at >= after and is_heard), None)

    def longest_silence(self, start: float, end: float) -> float:
        """Within a time in which the agent should have spoken; 0.0 when it was no longer than between two words."""
        longest, quiet_since = 0.0, start
        for at, is_heard in self._heard:
            if not start <= at <= end:
                continue
            if is_heard:
                longest, quiet_since = max(longest, at - quiet_since), at + _FRAME_S
        longest = max(longest, end - quiet_since)
        return longest if longest > _NATURAL_PAUSE_S else 0.0
