"""The agent's voice on its way to one caller: the leg, the marks and the account of what has been heard."""

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from callstage_audio.g711 import ulaw_to_pcm16
from callstage_audio.resample import Resampler
from callstage_audio.vad import VAD_RATE_HZ
from callstage_domain.audio import AudioFormat
from callstage_kit.telemetry.metrics import FRAMES_LATE_TOTAL, RESPONSE_SECONDS
from numpy.typing import NDArray

from media_gateway.legs.port import Leg
from media_gateway.playout.account import Cut, Playing, PlayoutAccount, Report
from media_gateway.playout.resume_point import SEARCHED_MS, rewound_ms
from media_gateway.playout.tape import Tape

MARK_EVERY_MS: Final = 400.0
HOLD_LIMIT_MS: Final = 10_000.0
"""A runtime decides within three seconds; one that is this late will not."""
_MOST_KEPT: Final = 1000
_UNCONFIRMED_MS: Final = 200.0
"""Without marks nobody knows how late the far end plays."""


class Player:
    """Times are ms of the monotonic clock, which is `now_ms`."""

    def __init__(self, leg: Leg, on_first_audio: Callable[[], None], now_ms: Callable[[], float] | None = None) -> None:
        self.account = PlayoutAccount()
        self._now_ms = now_ms or _now_ms
        self._tape = Tape(leg.downlink, pads=leg.is_carrier)
        self._held: list[Cut] | None = None
        self._held_at_ms = 0.0
        self._leg = leg
        self._on_first_audio = on_first_audio
        self._has_spoken = False
        self._unmarked_ms = 0.0
        self._marks = 0
        self._received_at_s: dict[str, float] = {}
        self._kept: set[str] = set()

    @property
    def has_spoken(self) -> bool:
        """True once any audio was written to the caller's socket."""
        return self._has_spoken

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        """The next piece; pieces of an utterance that was cut are dropped."""
        if self.account.is_cut(utterance_id):
            return
        self._tape.add(utterance_id, "audio", segment, audio)
        if self._held is not None:
            return
        if utterance_id not in self._received_at_s:
            self._received_at_s[utterance_id] = time.monotonic()
            self.account.announce(utterance_id)
        self._leg.play(utterance_id, segment, audio)

    def end_segment(self, utterance_id: str, segment: int) -> None:
        """The sentence is complete: its end is marked."""
        if self.account.is_cut(utterance_id):
            return
        self._tape.add(utterance_id, "segment_end", segment)
        if self._held is not None:
            return
        self._leg.end_segment(utterance_id, segment)
        self._mark(utterance_id)

    def end_utterance(self, utterance_id: str) -> None:
        """The reply is complete."""
        self._received_at_s.pop(utterance_id, None)
        if self.account.is_cut(utterance_id):
            return
        self._tape.add(utterance_id, "end")
        if self._held is not None:
            return
        self.account.announce(utterance_id)
        self._leg.end_utterance(utterance_id)

    def on_sent(self, utterance_id: str, duration_ms: float) -> None:
        """From the leg: this much went out just now."""
        gaps = self.account.gaps
        self._tape.sent(utterance_id, duration_ms, self.account.sent(utterance_id, duration_ms, self._now_ms()))
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
        self.account.mark_returned(name, self._now_ms())

    @property
    def is_busy(self) -> bool:
        """True while the agent speaks: something plays, waits, is held, or is still being said."""
        return self.account.is_busy or self._held is not None

    @property
    def is_audible(self) -> bool:
        """True while there is something that the caller can cut off."""
        return self.account.is_busy

    @property
    def is_held(self) -> bool:
        """True between `hold` and `resume` or `clear`."""
        return self._held is not None

    @property
    def is_held_too_long(self) -> bool:
        """True when nobody says what becomes of it."""
        return self._held is not None and self._now_ms() - self._held_at_ms > HOLD_LIMIT_MS

    def keep_playing(self, utterance_id: str) -> None:
        """The caller's voice does not stop that utterance: a keypad tone that is played twice is two keys."""
        if len(self._kept) < _MOST_KEPT:
            self._kept.add(utterance_id)

    def hold(self) -> list[Cut]:
        """Silence, now; what was not heard, and what still comes, is kept until `resume` or `clear`. Empty when nothing played.

        An agent who has said more than can be kept is not held (`is_held`) but cleared.
        """
        if self._held is not None or not self.account.is_busy or self._plays_kept():
            return []
        if self._tape.is_overfull:
            return self.clear()
        self._hush()
        now_ms = self._now_ms()
        self._tape.stop(now_ms)
        self._held, self._held_at_ms = self.account.hold(now_ms), now_ms
        return self._held

    def resume(self) -> None:
        """Go on with what is held, from a little before the point where it stopped. Does nothing when nothing is held."""
        if self._held is None:
            return
        heard_ms, self._held = {cut.utterance_id: float(cut.heard_ms) for cut in self._held}, None
        go_on_ms = {utterance_id: self._rewound_ms(utterance_id, heard) for utterance_id, heard in heard_ms.items() if heard > 0}
        for utterance_id, from_ms, pieces in self._tape.rewind(go_on_ms):
            self.account.resume(utterance_id, from_ms, was_started=utterance_id in go_on_ms)
            for piece in pieces:
                match piece.kind:
                    case "audio":
                        self._leg.play(utterance_id, piece.segment, piece.audio)
                    case "segment_end":
                        self._leg.end_segment(utterance_id, piece.segment)
                        self._mark(utterance_id)
                    case "end":
                        self._leg.end_utterance(utterance_id)

    def _plays_kept(self) -> bool:
        playing = self.account.playing(self._now_ms()) if self._kept else None
        return playing is not None and playing.utterance_id in self._kept

    def _rewound_ms(self, utterance_id: str, heard_ms: float) -> float:
        extra_ms = 0.0 if self._leg.returns_marks else _UNCONFIRMED_MS
        before = self._tape.part(utterance_id, heard_ms - SEARCHED_MS - extra_ms, heard_ms)
        return rewound_ms(before, self._tape.format, heard_ms, extra_ms=extra_ms)

    def clear(self) -> list[Cut]:
        """Silence, now, and nothing is kept. Empty when nothing played and nothing waited."""
        if self._held is not None:
            cuts, self._held = self._held, None
            self.account.drop(self._tape.utterances)
        elif self.account.is_busy:
            self._hush()
            cuts = self.account.clear(self._now_ms())
        else:
            return []
        self._tape.stop(self._now_ms())
        self._tape.drop()
        return cuts

    def abandon(self) -> None:
        """Whoever spoke is gone: what was sent plays to its end, what is held will be said anew."""
        if self._held is not None:
            self.clear()
        self.account.abandon()
        # Should it be held yet, it has an end to come to.
        for utterance_id in self._tape.utterances:
            self._tape.add(utterance_id, "end")

    def _hush(self) -> None:
        self._leg.clear()
        self._unmarked_ms = 0.0
        self._received_at_s.clear()

    def playing(self) -> Playing | None:
        """What is being heard, and what will be."""
        if self._held:
            return Playing(self._held[0].utterance_id, self._held[0].heard_ms, self._held[0].heard_ms)
        return self.account.playing(self._now_ms())

    def voice(self, from_ms: float, to_ms: float) -> bytes | None:
        """What was heard of us in that time, in the format of the line, with silence in the gaps; None: nothing. For two seconds afterwards."""
        return self._tape.played(from_ms, to_ms)

    def played(self, from_ms: float, to_ms: float) -> NDArray[np.int16] | None:
        """Our own voice at the far end in that time: 8 kHz, 8 samples per ms; None when it was silent, or longer ago than two seconds."""
        audio = self._tape.played(from_ms, to_ms)
        if audio is None:
            return None
        pcm16 = ulaw_to_pcm16(audio) if self._tape.format is AudioFormat.PCMU_8K else audio
        if self._tape.format.rate_hz != VAD_RATE_HZ:
            # The low-delay filter: what it holds back is missing at the end, where nothing that matters can have come back yet.
            pcm16 = Resampler(self._tape.format.rate_hz, VAD_RATE_HZ).push(pcm16, last=True)
        size = int((to_ms - from_ms) * VAD_RATE_HZ / 1000)
        signal = np.frombuffer(pcm16, np.int16)[:size]
        return signal if signal.size == size else np.concatenate((signal, np.zeros(size - signal.size, np.int16)))

    def poll(self) -> list[Report]:
        """What the runtime has to be told."""
        now_ms = self._now_ms()
        reports = self.account.poll(now_ms)
        for report in reports:
            self._tape.heard(report.utterance_id, report.heard_ms, now_ms, is_finished=report.is_finished)
        if not self.is_busy:
            self._tape.emptied()
        return reports

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
