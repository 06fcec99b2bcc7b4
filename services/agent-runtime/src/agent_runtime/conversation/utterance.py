"""One utterance on its way to the caller's ear."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agent_runtime.conversation.answer_parts import VoiceRun
from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.word_track import WordTrack
from agent_runtime.providers.ports import Sound
from agent_runtime.stages.history import WordMark, heard_text


@dataclass(slots=True)
class Utterance:
    """Sentences, how long each plays, and how much of it was heard. `is_kept`: part of the history."""

    id: str
    stage: str
    is_kept: bool = True
    is_cacheable: bool = False
    clock: TurnClock | None = None
    voice: VoiceRun = field(default_factory=VoiceRun)
    sentences: list[str] = field(default_factory=list[str])
    durations_ms: list[float] = field(default_factory=list[float])
    words: list[tuple[WordMark, ...]] = field(default_factory=list[tuple[WordMark, ...]])
    """When the words of each sentence sound; grows with `durations_ms`."""
    partial_ms: float = 0.0
    """Audio sent of the sentence in the making."""
    track: WordTrack | None = None
    """Of the sentence in the making."""
    sound: Sound | None = None
    """Of an answer that came spoken: the audio of its first `sounded` sentences; one behind them may be in the making."""
    sounded: int = 0
    heard_ms: float = 0.0
    heard_at_ms: float = 0.0
    started_at_ms: float | None = None
    late_ms: float = 0.0
    """Between its leaving and its playing, by the carrier's marks."""
    is_settled: bool = False
    began_ms: float | None = None
    """When its first audio was sent, on the session's clock."""
    must_hear: int = 0
    """So many of its sentences cannot be cut off (rule A6)."""
    on_settled: Callable[[bool], None] | None = None
    """Told once when nothing more of it will be heard; True: it was cut."""
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
        if not self.partial_ms:
            return heard_text(self.sentences, self.durations_ms, heard_ms, self.words)
        # Of a sentence in the making only a part can have been heard, however much of that part was.
        marks = self.track.marks() if self.track else ()
        expected_ms = max(self.partial_ms + 1.0, self.track.expected_ms()) if self.track else self.partial_ms
        return heard_text(self.sentences, [*self.durations_ms, expected_ms], min(heard_ms, self.sent_ms), [*self.words, marks])

    def rest(self, heard_ms: float) -> list[str]:
        """Its sentences from the one that was cut."""
        left_ms, index = heard_ms, 0
        for duration_ms in self.durations_ms:
            if left_ms < duration_ms:
                break
            left_ms -= duration_ms
            index += 1
        return self.sentences[index:]
