"""Ear and mouth of the caller: hears the agent, follows the script, measures. One `tick` per 20 ms; no sockets, no clock of its own."""

from dataclasses import dataclass

from callstage_phone.codec import PTIME_S
from callstage_phone.hearing import is_audible

from callstage.phone.script import Ear, HangUp, Script
from callstage.phone.timeline import Timeline
from callstage.phone.voice import Utterance

# The agent is said to begin to speak again after a pause this long.
_NEW_BURST_S = 0.5


@dataclass(frozen=True, slots=True)
class Sound:
    """20 ms of both sides, int16 mono each at its own rate. `is_speaking`: the caller has more to say. `is_pending`: more of the agent is queued."""

    caller: bytes
    agent: bytes
    is_speaking: bool
    is_pending: bool


@dataclass(slots=True)
class Exchange:
    """One line of the caller. `answer_ms`: end of the caller's own sound → first sound of the agent in the caller's ear."""

    text: str
    answer_ms: float | None = None


class Handset:
    """Times are seconds of any monotonic clock."""

    def __init__(self, script: Script, timeline: Timeline) -> None:
        self.exchanges: list[Exchange] = []
        self.greeting_ms: float | None = None
        """Start of the call → first sound of the agent."""
        self.heard_s = 0.0
        """Seconds of audible agent."""
        self._script = script
        self._timeline = timeline
        self._was_speaking = False
        self._own_sound_ended_s: float | None = None
        self._agent_sound_s: float | None = None

    @property
    def was_answered(self) -> bool:
        """Whether the agent was heard at all."""
        return self.greeting_ms is not None

    def tick(self, now_s: float, sound: Sound, *, is_connected: bool) -> Utterance | HangUp | None:
        """What the caller does next, if anything. Without a connection the script waits."""
        ear = Ear(is_audible(sound.agent), sound.is_pending)
        # The frame that ended an utterance was still spoken.
        is_speaking, self._was_speaking = self._was_speaking, sound.is_speaking
        if is_speaking and is_audible(sound.caller):
            self._own_sound_ended_s = now_s + PTIME_S
        if not is_connected:
            return None
        decision = self._script.step(now_s, ear, is_speaking=is_speaking)
        if ear.is_audible:
            self._hear(now_s)
        if isinstance(decision, Utterance):
            self._was_speaking = True
            self.exchanges.append(Exchange(decision.text))
            self._timeline.note("you", decision.text)
        return decision

    def _hear(self, now_s: float) -> None:
        self.heard_s += PTIME_S
        if self._agent_sound_s is None or now_s - self._agent_sound_s > _NEW_BURST_S:
            self._timeline.note("agent", f"speaks{self._measured(now_s)}")
        elif not self._was_speaking:
            self._measured(now_s)
        self._agent_sound_s = now_s

    def _measured(self, now_s: float) -> str:
        """How long this answer took, for people; empty when it answers nothing."""
        if self.greeting_ms is None:
            self.greeting_ms = self._timeline.elapsed_s * 1000
            return f" ({self.greeting_ms:.0f} ms after dialling)"
        last = self.exchanges[-1] if self.exchanges else None
        if last is None or last.answer_ms is not None or self._was_speaking or self._own_sound_ended_s is None or not self._script.is_answered:
            return ""
        last.answer_ms = (now_s - self._own_sound_ended_s) * 1000
        return f" ({last.answer_ms:.0f} ms after you)"
