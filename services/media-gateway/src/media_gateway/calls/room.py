"""The room of a call: the caller's leg on one side, the agent on the other, and the media between them."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from callstage_audio.vad import VadState
from callstage_domain.call import EndedReason
from callstage_kit.telemetry.metrics import BARGE_IN_SECONDS, ECHOES_TOTAL

from media_gateway.calls.ears import Ears
from media_gateway.legs.port import Leg
from media_gateway.playout.account import Cut, Report
from media_gateway.playout.player import Player
from media_gateway.vad.batch import Heard, Listening
from media_gateway.vad.detector import DetectorSettings, SpeechDetector
from media_gateway.vad.echo import EchoGuard

FLOOR_DBFS = -60.0


class Agent(Protocol):
    """The other side of the room. Calls are synchronous and must not block. Times are ms of caller audio."""

    def hears(self, audio: bytes, *, at_once: bool) -> None: ...
    def caller_started(self, at_ms: int) -> None: ...
    def caller_stopped(self, at_ms: int, silence_ms: int) -> None: ...
    def caller_cut_in(self, cuts: Sequence[Cut], *, is_held: bool) -> None: ...
    def caller_typed(self, text: str) -> None: ...
    def caller_pressed(self, digit: str) -> None: ...
    def caller_left(self, reason: EndedReason, *, is_final: bool) -> None: ...
    def was_heard(self, report: Report) -> None: ...
    def first_audio_written(self) -> None: ...


class Tap(Protocol):
    """Something that keeps what the caller says (architecture: recording is a tap)."""

    def heard(self, audio: bytes) -> None: ...


class Room:
    """Implements `LegListener` for the caller's leg. Barge-in is decided and done here, without a network hop."""

    def __init__(self, leg: Leg, agent: Agent, now_ms: Callable[[], float] | None = None) -> None:
        self.leg = leg
        self.ears = Ears(leg.uplink)
        self.player = Player(leg, agent.first_audio_written, now_ms)
        self._agent = agent
        self._detector = SpeechDetector()
        self._vad_state = VadState()
        self._echo = EchoGuard(self.player.played)
        self._listened_at_ms = 0.0
        self.tap: Tap | None = None
        self.holds_on_barge_in = False
        """Whoever speaks for the agent decides what an interruption was; until then nothing is lost."""
        leg.listen(self)

    @property
    def is_caller_speaking(self) -> bool:
        """By the voice activity model."""
        return self._detector.is_speaking

    @property
    def hears_speech(self) -> bool:
        """True from the first sign of speech on, before it is certain."""
        return self._detector.is_undecided or self._detector.is_speaking

    def configure(self, settings: DetectorSettings) -> None:
        """Thresholds of the agent; what was heard so far is judged anew."""
        if not self._detector.is_undecided:
            self._detector.configure(settings)

    def listen(self, now_ms: float) -> Listening | None:
        """Move the caller's audio on; the windows to be judged, if any."""
        audio = self.ears.take()
        self._listened_at_ms = now_ms
        if audio:
            # In a pause that may be the end the recogniser must not lag behind: its text decides how soon the agent answers.
            self._agent.hears(audio, at_once=self._detector.is_pausing)
        windows = self.ears.windows(audio, now_ms, is_listening=self._detector.is_undecided, floor_dbfs=FLOOR_DBFS)
        return Listening(self._vad_state, windows, self._judge) if windows else None

    def advance(self) -> None:
        """Tell the agent what was heard of it."""
        for report in self.player.poll():
            self._agent.was_heard(report)
        if self.player.is_held_too_long:
            self._agent.caller_cut_in(self.player.clear(), is_held=False)

    def silence(self) -> list[Cut]:
        """Throw away what has not been heard, or is held."""
        return self.player.clear()

    def resume(self) -> None:
        """It was no interruption: go on with what is held."""
        self.player.resume()
        self._detector.doubt(self.ears.window_end_ms)

    def notify(self, kind: str, fields: Mapping[str, Any]) -> None:
        """For the program at the caller's end."""
        self.leg.notify(kind, fields)

    def _judge(self, window: Heard, probability: float | None) -> None:
        detector = self._detector
        self._echo.push(window.samples)
        is_audible = self.player.is_audible
        for happening in detector.push(probability, window.level_dbfs, window.end_ms, is_agent_audible=is_audible, is_echo=self._is_echo):
            at_ms = self.ears.at_ms(detector.changed_ms)
            if happening == "started":
                self.ears.keep_from(at_ms)
                self._agent.caller_started(at_ms)
            elif happening == "stopped":
                self._agent.caller_stopped(at_ms, int(window.end_ms - detector.changed_ms))
            else:
                decided_at_s = time.monotonic()
                cuts = self.player.hold() if self.holds_on_barge_in else self.player.clear()
                self._agent.caller_cut_in(cuts, is_held=self.player.is_held)
                BARGE_IN_SECONDS.observe((self.ears.heard_ms - at_ms) / 1000 + time.monotonic() - decided_at_s)

    def _is_echo(self) -> bool:
        is_echo = self._echo.is_echo(self._listened_at_ms)
        if is_echo:
            ECHOES_TOTAL.inc()
        return is_echo

    def on_audio(self, audio: bytes) -> None:
        if self.tap is not None:
            self.tap.heard(audio)
        self.ears.push(audio)

    def on_dtmf(self, digit: str) -> None:
        self._agent.caller_pressed(digit)

    def on_text(self, text: str) -> None:
        self._agent.caller_typed(text)

    def on_sent(self, utterance_id: str, duration_ms: float) -> None:
        self.player.on_sent(utterance_id, duration_ms)

    def on_written(self, utterance_id: str) -> None:
        self.player.on_written(utterance_id)

    def on_utterance_sent(self, utterance_id: str) -> None:
        self.player.on_utterance_sent(utterance_id)

    def on_mark(self, name: str) -> None:
        self.player.on_mark(name)

    def on_left(self, reason: EndedReason, *, is_final: bool) -> None:
        self._agent.caller_left(reason, is_final=is_final)
