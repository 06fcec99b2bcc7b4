"""How much of each utterance the caller has heard. Pure: time comes in as `now_ms` of one monotonic clock.

Audio is sent ahead and waits at the far end, so the account follows two witnesses. The clock says what can have been played at most: pieces play
one after the other, each not before it was sent. Returned marks say what has been played at least; a mark that was sent but is not back says what
has not been played yet. A mark that comes back after a clear proves nothing and is forgotten with the clear.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

PROGRESS_MS: Final = 1000
"""An utterance that plays is reported about this often."""
MARK_GRACE_MS: Final = 3000
"""A mark this late is not coming back: the clock decides alone."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the runtime is told (PlayoutReport)."""

    utterance_id: str
    heard_ms: int
    is_started: bool
    is_finished: bool
    late_ms: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """An utterance that was thrown away, and how much of it had been heard by then."""

    utterance_id: str
    heard_ms: int


@dataclass(frozen=True, slots=True)
class Playing:
    """The newest utterance that the far end holds: heard so far, and sent, which it plays whatever happens to us."""

    utterance_id: str
    heard_ms: int
    sent_ms: int


@dataclass(slots=True)
class _Utterance:
    id: str
    spans: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    sent_ms: float = 0.0
    proven_ms: float = 0.0
    is_complete: bool = False
    is_started: bool = False
    reported_at_ms: float = 0.0
    late_ms: float | None = None
    """How much later than it was sent the far end plays, by its first mark."""
    resumed_ms: float = 0.0
    """Where it went on after it was held; what comes before was heard."""

    @property
    def ends_at_ms(self) -> float:
        return self.spans[-1][0] + self.spans[-1][1] if self.spans else 0.0


@dataclass(slots=True)
class _Mark:
    name: str
    utterance: _Utterance
    offset_ms: float
    due_ms: float


class PlayoutAccount:
    """The utterances of one call that are not heard to their end yet, oldest first."""

    def __init__(self) -> None:
        self._utterances: list[_Utterance] = []
        self._marks: list[_Mark] = []
        self._free_at_ms = 0.0
        self._cut: dict[str, None] = {}
        self.gaps = 0

    @property
    def is_busy(self) -> bool:
        """True while an utterance plays, waits, or is still being spoken."""
        return bool(self._utterances)

    def is_cut(self, utterance_id: str) -> bool:
        """True when this utterance was thrown away: whatever still comes of it must be dropped."""
        return utterance_id in self._cut

    def announce(self, utterance_id: str) -> None:
        """Audio of this utterance exists on our side, though none was sent yet."""
        self._find(utterance_id)

    def sent(self, utterance_id: str, duration_ms: float, now_ms: float) -> float:
        """That much audio went out; returns when it begins to play."""
        utterance = self._find(utterance_id)
        start = max(now_ms, self._free_at_ms)
        if utterance.spans and now_ms > self._free_at_ms + 1:
            self.gaps += 1
        if utterance.spans and start <= utterance.ends_at_ms + 0.001:
            first, length = utterance.spans[-1]
            utterance.spans[-1] = (first, length + duration_ms)
        else:
            utterance.spans.append((start, duration_ms))
        utterance.sent_ms += duration_ms
        self._free_at_ms = start + duration_ms
        return start

    def marked(self, name: str, utterance_id: str) -> None:
        """A mark went out behind everything sent of this utterance so far."""
        utterance = self._find(utterance_id)
        self._marks.append(_Mark(name, utterance, utterance.sent_ms, max(self._free_at_ms, utterance.ends_at_ms)))

    def mark_returned(self, name: str, now_ms: float | None = None) -> None:
        """The far end has played everything up to this mark (at `now_ms`); earlier marks that got lost are proven with it."""
        position = next((index for index, mark in enumerate(self._marks) if mark.name == name), None)
        if position is None:
            return
        utterance, offset_ms = self._marks[position].utterance, self._marks[position].offset_ms
        if now_ms is not None and utterance.late_ms is None and len(utterance.spans) == 1:
            utterance.late_ms = max(0.0, now_ms - utterance.spans[0][0] - (offset_ms - utterance.resumed_ms))
        for mark in self._marks[: position + 1]:
            mark.utterance.proven_ms = max(mark.utterance.proven_ms, mark.offset_ms)
        del self._marks[: position + 1]

    def completed(self, utterance_id: str) -> None:
        """No more audio comes for this utterance."""
        if not self.is_cut(utterance_id):
            self._find(utterance_id).is_complete = True

    def abandon(self) -> None:
        """Whoever spoke is gone: what was sent plays to its end, nothing follows."""
        for utterance in self._utterances:
            utterance.is_complete = True

    def playing(self, now_ms: float) -> Playing | None:
        """The newest utterance of which something was sent; those before it will be heard to their end."""
        newest = next((utterance for utterance in reversed(self._utterances) if utterance.sent_ms > 0), None)
        return Playing(newest.id, int(self._heard(newest, now_ms)), int(newest.sent_ms)) if newest else None

    def clear(self, now_ms: float) -> list[Cut]:
        """Throw everything away; says what had been heard, oldest utterance first."""
        cuts = self.hold(now_ms)
        self.drop(cut.utterance_id for cut in cuts)
        return cuts

    def hold(self, now_ms: float) -> list[Cut]:
        """The far end is silent; `resume` or `drop` says for each utterance how it goes on. Says what had been heard, oldest utterance first."""
        cuts = [Cut(utterance.id, int(self._heard(utterance, now_ms))) for utterance in self._utterances]
        self._utterances.clear()
        self._marks.clear()
        self._free_at_ms = now_ms
        return cuts

    def drop(self, utterance_ids: Iterable[str]) -> None:
        """Nothing more of these will be heard."""
        for utterance_id in utterance_ids:
            self._cut[utterance_id] = None
        while len(self._cut) > 64:
            del self._cut[next(iter(self._cut))]

    def resume(self, utterance_id: str, from_ms: float, *, was_started: bool) -> None:
        """An utterance that was held is sent again from there on."""
        self._utterances.append(_Utterance(utterance_id, sent_ms=from_ms, proven_ms=from_ms, resumed_ms=from_ms, is_started=was_started))

    def poll(self, now_ms: float) -> list[Report]:
        """What is new since the last poll."""
        reports: list[Report] = []
        while self._utterances:
            utterance = self._utterances[0]
            heard = self._heard(utterance, now_ms)
            starts = not utterance.is_started and bool(utterance.spans) and now_ms >= utterance.spans[0][0]
            finishes = utterance.is_complete and heard >= utterance.sent_ms
            if starts or finishes or (utterance.is_started and now_ms - utterance.reported_at_ms >= PROGRESS_MS):
                reports.append(Report(utterance.id, int(heard), starts, finishes, int(utterance.late_ms or 0)))
                utterance.is_started = utterance.is_started or starts
                utterance.reported_at_ms = now_ms
            if not finishes:
                break
            del self._utterances[0]
        return reports

    def _heard(self, utterance: _Utterance, now_ms: float) -> float:
        by_clock = utterance.resumed_ms
        for start, length in utterance.spans:
            by_clock += min(max(now_ms - start, 0.0), length)
        if by_clock > utterance.sent_ms - 0.001:
            # The same pieces added up in another order.
            by_clock = utterance.sent_ms
        if by_clock <= utterance.proven_ms:
            return utterance.proven_ms
        unproven = next((mark for mark in self._marks if mark.utterance is utterance), None)
        if unproven is None or now_ms > unproven.due_ms + MARK_GRACE_MS:
            return by_clock
        return min(by_clock, unproven.offset_ms - 1 if unproven.offset_ms > utterance.proven_ms else by_clock)

    def _find(self, utterance_id: str) -> _Utterance:
        for utterance in reversed(self._utterances):
            if utterance.id == utterance_id:
                return utterance
        utterance = _Utterance(utterance_id)
        self._utterances.append(utterance)
        return utterance
