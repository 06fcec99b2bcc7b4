"""One utterance on its way to the caller's ear."""

from dataclasses import dataclass, field

from agent_runtime.conversation.latency import TurnClock
from agent_runtime.stages.history import heard_text


@dataclass(slots=True)
class Utterance:
    """Sentences, how long each plays, and how much of it was heard. `is_kept`: part of the history."""

    id: str
    stage: str
    is_kept: bool = True
    is_cacheable: bool = False
    clock: TurnClock | None = None
    sentences: list[str] = field(default_factory=list[str])
    durations_ms: list[float] = field(default_factory=list[float])
    partial_ms: float = 0.0
    """Audio sent of the sentence in the making."""
    heard_ms: float = 0.0
    heard_at_ms: float = 0.0
    started_at_ms: float | None = None
    is_settled: bool = False
    began_ms: float | None = None
    """When its first audio was sent, on the session's clock."""
    is_torn: bool = False
    """Sentences of it were lost with the process that made it, and are said again in another utterance."""

    @property
    def sent_ms(self) -> float:
        """Audio sent so far."""
        return sum(self.durations_ms) + self.partial_ms

    @property
    def is_outstanding(self) -> bool:
        """True: the caller still has something to hear of it."""
        return not self.is_settled and self.sent_ms > 0

    def estimated_heard_ms(self, now_ms: float) -> float:
        """From the last report, as if it played on since."""
        if self.started_at_ms is None:
            return 0.0
        return min(self.sent_ms, self.heard_ms + max(0.0, now_ms - self.heard_at_ms))

    def text_heard(self, heard_ms: float) -> str:
        """Its words up to there."""
        durations = [*self.durations_ms, self.partial_ms] if self.partial_ms else self.durations_ms
        return heard_text(self.sentences, durations, heard_ms)

    def rest(self, heard_ms: float) -> list[str]:
        """Its sentences from the one that was cut."""
        left_ms, index = heard_ms, 0
        for duration_ms in self.durations_ms:
            if left_ms < duration_ms:
                break
            left_ms -= duration_ms
            index += 1
        return self.sentences[index:]
