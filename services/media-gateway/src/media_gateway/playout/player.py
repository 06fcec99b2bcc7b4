"""The agent's voice on its way to one caller: the leg, the marks and the account of what has been heard."""

import time
from collections.abc import Callable
from typing import Final

from callstage_kit.telemetry.metrics import FRAMES_LATE_TOTAL, RESPONSE_SECONDS

from media_gateway.legs.port import Leg
from media_gateway.playout.account import Cut, Playing, PlayoutAccount, Report

MARK_EVERY_MS: Final = 400.0


class Player:
    """Times are ms of the monotonic clock."""

    def __init__(self, leg: Leg, on_first_audio: Callable[[], None]) -> None:
        self.account = PlayoutAccount()
        self._leg = leg
        self._on_first_audio = on_first_audio
        self._has_spoken = False
        self._unmarked_ms = 0.0
        self._marks = 0
        self._received_at_s: dict[str, float] = {}

    @property
    def has_spoken(self) -> bool:
        """True once any audio was written to the caller's socket."""
        return self._has_spoken

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        """The next piece; pieces of an utterance that was cut are dropped."""
        if self.account.is_cut(utterance_id):
            return
        if utterance_id not in self._received_at_s:
            self._received_at_s[utterance_id] = time.monotonic()
            self.account.announce(utterance_id)
        self._leg.play(utterance_id, segment, audio)

    def end_segment(self, utterance_id: str, segment: int) -> None:
        """The sentence is complete: its end is marked."""
        if self.account.is_cut(utterance_id):
            return
        self._leg.end_segment(utterance_id, segment)
        self._mark(utterance_id)

    def end_utterance(self, utterance_id: str) -> None:
        """The reply is complete."""
        self._received_at_s.pop(utterance_id, None)
        if self.account.is_cut(utterance_id):
            return
        self.account.announce(utterance_id)
        self._leg.end_utterance(utterance_id)

    def on_sent(self, utterance_id: str, duration_ms: float) -> None:
        """From the leg: this much went out just now."""
        gaps = self.account.gaps
        self.account.sent(utterance_id, duration_ms, _now_ms())
        if self.account.gaps != gaps:
            FRAMES_LATE_TOTAL.inc()
        self._unmarked_ms += duration_ms
        if self._unmarked_ms >= MARK_EVERY_MS:
            self._mark(utterance_id)

    def on_written(self, utterance_id: str) -> None:
        """From the leg: the first audio of the utterance is on the wire."""
        if not self._has_spoken:
            self._has_spoken = True
            self._on_first_audio()
        received_at_s = self._received_at_s.get(utterance_id)
        if received_at_s is not None:
            RESPONSE_SECONDS.labels("transport").observe(time.monotonic() - received_at_s)

    def on_utterance_sent(self, utterance_id: str) -> None:
        """From the leg: all of the utterance went out."""
        self._mark(utterance_id)
        self.account.completed(utterance_id)

    def on_mark(self, name: str) -> None:
        """From the leg: heard up to here."""
        self.account.mark_returned(name)

    @property
    def is_busy(self) -> bool:
        """True while the agent speaks: something plays, waits, or is still being said."""
        return self.account.is_busy

    def clear(self) -> list[Cut]:
        """Silence, now. Empty when nothing played and nothing waited."""
        if not self.account.is_busy:
            return []
        self._leg.clear()
        self._unmarked_ms = 0.0
        self._received_at_s.clear()
        return self.account.clear(_now_ms())

    def playing(self) -> Playing | None:
        """What is being heard, and what will be."""
        return self.account.playing(_now_ms())

    def poll(self) -> list[Report]:
        """What the runtime has to be told."""
        return self.account.poll(_now_ms())

    def _mark(self, utterance_id: str) -> None:
        if not self._leg.returns_marks or self._unmarked_ms <= 0:
            return
        self._marks += 1
        self._unmarked_ms = 0.0
        name = f"m{self._marks}"
        self._leg.mark(name)
        self.account.marked(name, utterance_id)


def _now_ms() -> float:
    return time.monotonic() * 1000
