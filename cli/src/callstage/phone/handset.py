"""Mouth and ear of the caller: plays the agent, speaks the script, measures, records. One `tick` per 20 ms; no sockets, no clock of its own."""

from dataclasses import dataclass

from callstage.phone.codec import PTIME_S, frame_bytes
from callstage.phone.playout import Playout, is_audible
from callstage.phone.recorder import Recorder
from callstage.phone.script import Ear, HangUp, Script
from callstage.phone.timeline import Timeline

# The agent is said to begin to speak again after a pause this long.
_NEW_BURST_S = 0.5


@dataclass(frozen=True, slots=True)
class Tick:
    """What goes up: 20 ms of the caller (int16 at the up rate) and the marks reached."""

    frame: bytes
    marks: list[str]
    hang_up: HangUp | None


@dataclass(slots=True)
class Exchange:
    """One line of the caller. `answer_ms`: end of the caller's own sound → first sound of the agent in the caller's ear."""

    text: str
    answer_ms: float | None = None


class Handset:
    """Times are seconds of any monotonic clock."""

    def __init__(self, up_hz: int, down_hz: int, script: Script, timeline: Timeline) -> None:
        self.playout = Playout(down_hz)
        self.recorder = Recorder(up_hz, down_hz)
        self.exchanges: list[Exchange] = []
        self.greeting_ms: float | None = None
        """Start of the call → first sound of the agent."""
        self.heard_s = 0.0
        """Seconds of audible agent."""
        self._script = script
        self._timeline = timeline
        self._frame_bytes = frame_bytes(up_hz)
        self._mouth = b""
        self._said_bytes = 0
        self._own_sound_ended_s: float | None = None
        self._agent_sound_s: float | None = None

    @property
    def was_answered(self) -> bool:
        """Whether the agent was heard at all."""
        return self.greeting_ms is not None

    def clear(self) -> list[str]:
        """The platform cut its agent short; returns the marks to send back."""
        if self.playout.holds_sound():
            self._timeline.note("agent", "stops (interrupted)")
        return self.playout.clear()

    def tick(self, now_s: float, *, is_connected: bool) -> Tick:
        """20 ms of both directions. Without a connection the agent's buffer still plays, and the script waits."""
        agent, marks = self.playout.take()
        ear = Ear(is_audible(agent), self.playout.holds_sound())
        is_speaking = bool(self._mouth)
        caller = self._speak(now_s)
        self.recorder.add(caller, agent)
        if not is_connected:
            return Tick(caller, marks, None)
        decision = self._script.step(now_s, ear, is_speaking=is_speaking)
        if ear.is_audible:
            self._hear(now_s)
        if isinstance(decision, HangUp):
            return Tick(caller, marks, decision)
        if decision is not None:
            self._mouth = decision.pcm16
            self.exchanges.append(Exchange(decision.text))
            self._timeline.note("you", decision.text)
        return Tick(caller, marks, None)

    def _speak(self, now_s: float) -> bytes:
        frame = self._mouth[self._said_bytes : self._said_bytes + self._frame_bytes]
        self._said_bytes += len(frame)
        if self._said_bytes == len(self._mouth):
            self._mouth, self._said_bytes = b"", 0
        if frame and is_audible(frame):
            self._own_sound_ended_s = now_s + PTIME_S
        return frame + bytes(self._frame_bytes - len(frame))

    def _hear(self, now_s: float) -> None:
        self.heard_s += PTIME_S
        if self._agent_sound_s is None or now_s - self._agent_sound_s > _NEW_BURST_S:
            self._timeline.note("agent", f"speaks{self._measured(now_s)}")
        elif not self._mouth:
            self._measured(now_s)
        self._agent_sound_s = now_s

    def _measured(self, now_s: float) -> str:
        """How long this answer took, for people; empty when it answers nothing."""
        if self.greeting_ms is None:
            self.greeting_ms = self._timeline.elapsed_s * 1000
            return f" ({self.greeting_ms:.0f} ms after dialling)"
        last = self.exchanges[-1] if self.exchanges else None
        if last is None or last.answer_ms is not None or self._mouth or self._own_sound_ended_s is None or not self._script.is_answered:
            return ""
        last.answer_ms = (now_s - self._own_sound_ended_s) * 1000
        return f" ({last.answer_ms:.0f} ms after you)"
