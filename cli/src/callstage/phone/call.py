"""One call from dialling to hanging up: what the room sounds like goes to the handset, what the handset decides goes back."""

from dataclasses import dataclass
from pathlib import Path

from callstage_phone.room import Room

from callstage.phone.errors import CannotCall
from callstage.phone.handset import Exchange, Handset, Sound
from callstage.phone.line import Line
from callstage.phone.script import HangUp
from callstage.phone.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the phone itself knows of a call."""

    ended_by: str
    was_answered: bool
    duration_s: float
    greeting_ms: float | None
    exchanges: list[Exchange]
    call_id: str
    carrier_call_id: str


class PhoneCall:
    """Made for one call. Listens in the line's room."""

    def __init__(self, line: Line, handset: Handset, timeline: Timeline) -> None:
        self._line = line
        self._handset = handset
        self._timeline = timeline
        self._reason = ""
        self._failure: Exception | None = None

    def hang_up(self, reason: str = "the caller hung up") -> None:
        """Politely: the platform is told. `run` returns soon; may be called from a signal handler of the loop."""
        self._reason = self._reason or reason
        self._line.hang_up()

    async def run(self) -> Outcome:
        """Raises CannotCall when the call could not be placed."""
        ended_by = await self._line.run(self)
        if self._failure is not None:
            raise self._failure
        ended_by = self._reason or ended_by
        self._timeline.note("phone", f"call ended: {ended_by}")
        handset = self._handset
        return Outcome(
            ended_by=ended_by,
            was_answered=handset.was_answered,
            duration_s=self._timeline.elapsed_s,
            greeting_ms=handset.greeting_ms,
            exchanges=handset.exchanges,
            call_id=self._line.call_id,
            carrier_call_id=self._line.carrier_call_id,
        )

    def save_recording(self, path: Path) -> None:
        """Stereo, caller left, agent right. Blocking. Raises CannotCall when the place is not writable."""
        room = self._line.room
        if room is None or room.recording is None:
            raise CannotCall("There was no call to record.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            room.recording.write_wav(path, self._line.recording_hz)
        except OSError as err:
            raise CannotCall(f"The recording cannot be written to {path}: {err.strerror}.") from err

    def tick(self, now: float, sent: bytes, played: bytes) -> None:
        """The room's 20 ms."""
        room = self._line.room
        if room is None or self._reason:
            return
        try:
            self._live(room, now, sent, played)
        except Exception as err:  # the timer of the room has nobody to tell; `run` raises it
            self._failure = err
            self.hang_up("this phone failed")

    def cut_off(self) -> None:
        """The platform interrupts its agent."""
        room = self._line.room
        if room is not None and room.playout.holds_sound():
            self._timeline.note("agent", "stops (interrupted)")

    def _live(self, room: Room, now: float, sent: bytes, played: bytes) -> None:
        sound = Sound(
            caller=room.codec.decode(sent),
            agent=room.playout.codec.decode(played),
            is_speaking=room.is_speaking,
            is_pending=room.playout.holds_sound(),
        )
        decision = self._handset.tick(now, sound, is_connected=self._line.is_connected)
        if isinstance(decision, HangUp):
            self.hang_up(decision.value)
        elif decision is not None:
            room.speak(decision.pcm16, rate_hz=room.codec.rate_hz)
