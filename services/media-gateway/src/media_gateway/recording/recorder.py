"""The tap of one call: gathers what either side says and hands it on once a second. On the media clock, so it only ever copies references."""

import math
import secrets
from collections.abc import Callable
from typing import Final

from callstage_audio.framed_mp3 import RATES_HZ, frame_ms
from callstage_domain.audio import AudioFormat

from media_gateway.recording.caller_track import Piece
from media_gateway.recording.desk import RecordingDesk
from media_gateway.recording.part_writer import Kind, PartFacts, PartWriter, Stretch

CUT_EVERY_MS: Final = 1000
"""The tape of the agent's voice reaches back 2.5 s."""
MAX_EARLY_PIECES: Final = 750
"""Until the runtime has said whether this call is recorded: 15 s of telephone frames."""

Voice = Callable[[float, float], bytes | None]
"""What the caller heard of the agent between two times of the monotonic clock (ms), in the format of the line; None: nothing."""


class CallRecorder:
    """Implements `Tap` for the room. Times are ms of the monotonic clock. Without a desk it does nothing."""

    def __init__(
        self,
        tenant_id: str,
        call_id: str,
        uplink: AudioFormat,
        downlink: AudioFormat,
        voice: Voice,
        now_ms: Callable[[], float],
        desk: RecordingDesk | None,
    ) -> None:
        self._tenant_id = tenant_id
        self._call_id = call_id
        self._uplink = uplink
        self._downlink = downlink
        self._voice = voice
        self._now_ms = now_ms
        self._desk = desk
        self._early: list[tuple[float, bytes]] = []
        self._begun_ms = now_ms()
        self._origin_ms = self._begun_ms
        self._retention_days: int | None = None
        self._is_decided = desk is None
        self._call: _OpenPart | None = None
        self._voicemail: _OpenPart | None = None
        self._is_paused = False

    @property
    def is_recording(self) -> bool:
        """True while the sound of the call is kept."""
        return self._call is not None and not self._is_paused

    def begin(self, clock_ms: float, *, records: bool, retention_days: int | None = None) -> None:
        """What the runtime says when it opens the call: `clock_ms` is the time of the call now, the axis of its transcript. The first word counts."""
        if self._is_decided:
            return
        self._is_decided = True
        self._origin_ms, self._retention_days = self._now_ms() - clock_ms, retention_days
        early, self._early = self._early, []
        if records:
            self._call = self._open("call", f"call-{secrets.token_hex(6)}", self._begun_ms)
            for arrived_ms, audio in early:
                self._call.heard(audio, arrived_ms)
            if self._is_paused and self._call is not None:
                self._call.pause(self._now_ms())

    def heard(self, audio: bytes) -> None:
        """From the caller's leg."""
        if self._call is None and self._voicemail is None:
            if not self._is_decided and not self._is_paused:
                self._early.append((self._now_ms(), audio))
                del self._early[:-MAX_EARLY_PIECES]
            return
        now_ms = self._now_ms()
        for part in (self._call, self._voicemail):
            if part is not None:
                part.heard(audio, now_ms)

    def advance(self, now_ms: float) -> None:
        """Once per tick."""
        for part in (self._call, self._voicemail):
            if part is not None and now_ms - part.cut_ms >= CUT_EVERY_MS:
                part.cut(now_ms)

    def pause(self) -> None:
        """Neither side is kept until `resume` (rule K1): secret digits are keyed in, and may be read back. The axis goes on, silent."""
        if not self._is_paused:
            self._is_paused = True
            self._early.clear()
            if self._call is not None:
                self._call.pause(self._now_ms())

    def resume(self) -> None:
        """Both sides are kept again. Does nothing when it was not paused."""
        if self._is_paused:
            self._is_paused = False
            if self._call is not None:
                self._call.resume(self._now_ms())

    def begin_voicemail(self, voicemail_id: str, retention_days: int | None) -> None:
        """From now on the caller's words are a message of their own, whether the call is recorded or not."""
        if self._desk is not None and self._voicemail is None:
            self._retention_days = retention_days
            self._voicemail = self._open("voicemail", voicemail_id, self._now_ms())

    def end_voicemail(self) -> None:
        """The message is complete."""
        part, self._voicemail = self._voicemail, None
        if part is not None:
            part.cut(self._now_ms(), is_last=True)

    def close(self) -> None:
        """The call is over for this process."""
        self.end_voicemail()
        part, self._call = self._call, None
        self._is_decided = True
        self._early.clear()
        if part is not None:
            part.cut(self._now_ms(), is_last=True)

    def _open(self, kind: Kind, name: str, begun_ms: float) -> "_OpenPart":
        assert self._desk is not None
        rate_hz = RATES_HZ[0] if self._uplink.rate_hz == self._downlink.rate_hz == RATES_HZ[0] else RATES_HZ[1]
        step_ms = frame_ms(rate_hz)
        # Parts begin with a frame: what lies before it is a few hundredths of a second at most.
        first_frame = max(0, math.ceil((begun_ms - self._origin_ms) / step_ms))
        facts = PartFacts(self._tenant_id, self._call_id, name, kind, rate_hz, first_frame, self._retention_days)
        voice = self._voice if kind == "call" else None
        return _OpenPart(self._desk, self._desk.open(facts, self._uplink, self._downlink), voice, self._origin_ms + first_frame * step_ms)


class _OpenPart:
    """What has happened since the last cut."""

    def __init__(self, desk: RecordingDesk, writer: PartWriter, voice: Voice | None, begins_ms: float) -> None:
        self._desk = desk
        self._writer = writer
        self._voice = voice
        self._begins_ms = begins_ms
        self._length_ms = 0
        self._pieces: list[Piece] = []
        self._is_paused = False

    @property
    def cut_ms(self) -> float:
        """The time of the last cut."""
        return self._begins_ms + self._length_ms

    def heard(self, audio: bytes, arrived_ms: float) -> None:
        """A piece of the caller."""
        if not self._is_paused:
            self._pieces.append(Piece(arrived_ms - self._begins_ms, audio))

    def pause(self, now_ms: float) -> None:
        """What was said up to now is kept, nothing after it."""
        self.cut(now_ms, is_flushed=True)
        self._is_paused = True

    def resume(self, now_ms: float) -> None:
        """What was said up to now is not kept."""
        self.cut(now_ms)
        self._is_paused = False

    def cut(self, now_ms: float, *, is_flushed: bool = False, is_last: bool = False) -> None:
        """Hand on everything up to now."""
        length_ms = max(0, int(now_ms - self.cut_ms))
        if not length_ms and not is_last and not is_flushed:
            return
        from_ms, pieces = self.cut_ms, self._pieces
        self._pieces, self._length_ms = [], self._length_ms + length_ms
        voice = self._voice(from_ms, self.cut_ms) if self._voice is not None and not self._is_paused and length_ms else None
        self._desk.put(self._writer, Stretch(length_ms, pieces, voice, self._is_paused, is_flushed, is_last))
