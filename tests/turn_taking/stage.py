"""One scene: the gateway's room with the real speech model on one side, the runtime's turn machine on the other, 20 ms between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent_runtime.conversation.saying import agent_says
from agent_runtime.conversation.turns.events import (
    Begin,
    CancelReply,
    Effect,
    FinalizeStt,
    Interrupted,
    PlayoutFinished,
    PlayoutStarted,
    ReplyEnded,
    ReplyKind,
    ResumePlayout,
    SpeechStarted,
    SpeechStopped,
    StartReply,
    Tick,
    TurnEvent,
)
from agent_runtime.conversation.turns.machine import TurnMachine
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.conversation.utterance import Utterance
from callstage_audio.vad import SileroVad
from callstage_domain.call import EndedReason
from media_gateway.calls.room import Room
from media_gateway.playout.account import Cut, Report
from media_gateway.vad.batch import judge_all
from media_gateway.vad.detector import DetectorSettings

from tests.turn_taking.far_end import FarEnd
from tests.turn_taking.listener import Listener
from tests.turn_taking.scenes import Scene

_UTTERANCE = "u1"
_FIRST_AUDIO_MS = 100
_SENTENCE_MS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a scene."""

    scene: Scene
    silenced_ms: float | None
    """Beginning of the caller's speech → the agent's audio was thrown out at the far end; None: it never was."""
    pauses: int
    resumed: int
    answered: str | None
    was_heard_out: bool

    @property
    def is_right(self) -> bool:
        """The floor was given, or kept, as the label says."""
        return self.answered is not None if self.scene.wants_the_floor else self.was_heard_out and self.answered is None


class Stage:
    """Implements `Agent` for the room."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._far = FarEnd(scene.on_the_line(), scene.echo(), scene.echo_delay_ms)
        self._room = Room(self._far, self, lambda: float(self._far.now_ms))
        self._room.holds_on_barge_in = True
        self._room.configure(DetectorSettings())
        self._machine = TurnMachine(TurnPolicy(), 0.0)
        self._listener = Listener(scene.phrase, scene.at_ms, is_streaming=scene.is_streaming, seed=scene.seed)
        self._utterance = Utterance(_UTTERANCE, "stage")
        self._next_sentence = 0
        self._number = 0
        self._up: list[TurnEvent | tuple[Cut, bool] | Report] = []
        self._words_heard = 0
        self._was_silenced = False
        self._resumed = 0
        self._answered: str | None = None
        self._has_ended = False

    def play(self) -> Outcome:
        """From the first word of the agent to the decision."""
        self._do(self._machine.on(Begin(ReplyKind.GREETING), 0.0))
        while self._far.now_ms < self._scene.ends_ms and self._answered is None:
            self._tick()
            if self._has_ended and not self._scene.wants_the_floor and self._far.now_ms > self._scene.at_ms + 3500:
                break
        scene = self._scene
        cleared = [at_ms for at_ms in self._far.cleared_ms if at_ms >= scene.at_ms]
        tail = scene.line[-1].ulaw[-900:-400]
        return Outcome(
            scene=scene,
            silenced_ms=cleared[0] - scene.at_ms if cleared else None,
            pauses=len(self._far.cleared_ms),
            resumed=self._resumed,
            answered=self._answered,
            was_heard_out=self._has_ended and not self._was_silenced and tail in bytes(self._far.bytes_played),
        )

    def _tick(self) -> None:
        waiting, self._up = self._up, []
        for message in waiting:
            self._take(message)
        self._speak()
        self._far.frame()
        now_ms = float(self._far.now_ms)
        listening = self._room.listen(now_ms)
        if listening is not None:
            judge_all(SileroVad.shared(), [listening])
        self._room.advance()
        self._overhear()
        for transcript in self._listener.tick(self._far.now_ms):
            self._tell(transcript)
        due_ms = self._machine.due_ms()
        if due_ms is not None and now_ms >= due_ms:
            self._tell(Tick())

    def _speak(self) -> None:
        """The voice is made far faster than it plays."""
        line = self._scene.line
        if self._number == 0 or self._next_sentence > len(line) or self._far.now_ms < _FIRST_AUDIO_MS + self._next_sentence * _SENTENCE_MS:
            return
        index, self._next_sentence = self._next_sentence, self._next_sentence + 1
        player = self._room.player
        if index < len(line):
            player.play(_UTTERANCE, index, line[index].ulaw)
            player.end_segment(_UTTERANCE, index)
            self._utterance.sentences.append(line[index].text)
            self._utterance.durations_ms.append(line[index].duration_ms)
        else:
            player.end_utterance(_UTTERANCE)
            self._tell(ReplyEnded(self._number, self._utterance.sent_ms - self._utterance.heard_ms))

    def _overhear(self) -> None:
        playing = self._room.player.playing()
        if self._scene.echo_db is None or playing is None or not self._utterance.sent_ms:
            return
        words = " ".join(self._utterance.sentences).split()
        heard = int(len(words) * playing.heard_ms / self._utterance.sent_ms)
        if heard > self._words_heard:
            self._listener.overhears(" ".join(words[self._words_heard : heard]), self._far.now_ms + self._scene.echo_delay_ms, self._scene.echo_db)
            self._words_heard = heard

    def _take(self, message: "TurnEvent | tuple[Cut, bool] | Report") -> None:
        utterance, now_ms = self._utterance, float(self._far.now_ms)
        if isinstance(message, Report):
            utterance.heard_ms, utterance.heard_at_ms = max(utterance.heard_ms, message.heard_ms), now_ms
            if utterance.started_at_ms is None:
                utterance.started_at_ms = now_ms
                self._tell(PlayoutStarted())
            if message.is_finished:
                self._has_ended = True
                self._tell(PlayoutFinished())
        elif isinstance(message, tuple):
            cut, is_held = message
            utterance.heard_ms, utterance.heard_at_ms = float(cut.heard_ms), now_ms
            self._tell(agent_says([utterance], now_ms))
            self._tell(Interrupted(is_held))
        else:
            if not self._room.player.is_held and self._room.player.is_busy:
                self._tell(agent_says([utterance], now_ms))
            self._tell(message)

    def _tell(self, event: TurnEvent) -> None:
        self._do(self._machine.on(event, float(self._far.now_ms)))

    def _do(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case StartReply(kind=ReplyKind.ANSWER):
                    self._answered = effect.text
                case StartReply():
                    self._number = effect.number
                case FinalizeStt():
                    self._listener.finalize(self._far.now_ms)
                case CancelReply():
                    self._was_silenced = True
                    self._room.silence()
                case ResumePlayout():
                    self._resumed += 1
                    self._utterance.heard_at_ms = float(self._far.now_ms)
                    self._room.resume()
                case _:
                    pass

    # The room's agent.

    def hears(self, audio: bytes, *, at_once: bool) -> None: ...

    def caller_started(self, at_ms: int) -> None:
        self._up.append(SpeechStarted())

    def caller_stopped(self, at_ms: int, silence_ms: int) -> None:
        self._up.append(SpeechStopped(silence_ms))

    def caller_cut_in(self, cuts: Sequence[Cut], *, is_held: bool) -> None:
        self._up.extend((cut, is_held) for cut in cuts[:1])

    def caller_typed(self, text: str) -> None: ...

    def caller_pressed(self, digit: str) -> None: ...

    def caller_left(self, reason: EndedReason, *, is_final: bool) -> None: ...

    def was_heard(self, report: Report) -> None:
        self._up.append(report)

    def first_audio_written(self) -> None: ...


def outcome(scene: Scene) -> Outcome:
    """Play it."""
    return Stage(scene).play()
