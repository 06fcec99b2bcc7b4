"""Whose turn it is. Events and the time go in, effects come out; no clock, no network, no tasks.

The machine is stuck never: whenever nobody speaks and nothing is being made, a timer runs that ends in the idle question and then in hanging up.
At most one reply runs: `StartReply` comes only after the one before ended or was cancelled.
"""

from enum import StrEnum

from callstage_domain.interruption import barge_in_rule

from agent_runtime.conversation.turns.agent_says import AgentSays
from agent_runtime.conversation.turns.barge_in import BargeIn
from agent_runtime.conversation.turns.closing import Closing
from agent_runtime.conversation.turns.ear import Ear, EarState
from agent_runtime.conversation.turns.endpointing import Endpointer
from agent_runtime.conversation.turns.events import (
    Begin,
    Effect,
    FinalizeStt,
    HearingLost,
    Interrupted,
    JudgePause,
    KeyPressed,
    PauseJudged,
    PlayoutFinished,
    PlayoutStarted,
    ReplyEnded,
    ReplyKind,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    Tick,
    TurnEvent,
    TurnTimes,
)
from agent_runtime.conversation.turns.floor import Floor
from agent_runtime.conversation.turns.interruption import NORMAL_SPEECH_MS, Interruption
from agent_runtime.conversation.turns.keys import Keys
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.conversation.turns.speculation import Speculation
from agent_runtime.providers.ports import Transcript

ASK_AGAIN_MS = 1500.0
"""A caller whose words were lost with a process may still be speaking: this long he is listened for."""


class Phase(StrEnum):
    """Where the conversation is, for people who look."""

    LISTENING = "listening"
    CALLER_SPEAKING = "caller_speaking"
    ENDPOINTING = "endpointing"
    THINKING = "thinking"
    SPEAKING = "speaking"
    ENDING = "ending"


_OF_THE_CALLER = {EarState.QUIET: Phase.LISTENING, EarState.TALKING: Phase.CALLER_SPEAKING, EarState.ENDPOINTING: Phase.ENDPOINTING}


class TurnMachine:
    """One call. Times are milliseconds on any steady clock."""

    def __init__(self, policy: TurnPolicy, now_ms: float) -> None:
        self._policy = policy
        self._now_ms = now_ms
        self._ear = Ear(Endpointer(policy.silence_threshold_ms, policy.language, is_adaptive=policy.is_adaptive))
        self._interruption = Interruption(barge_in_rule(policy.interruption_sensitivity, NORMAL_SPEECH_MS))
        self._speculation = Speculation()
        self._floor = Floor(self._interruption, self._speculation)
        self._closing = Closing(self._floor, policy.idle_timeout_ms, now_ms + policy.max_duration_ms)
        self._barge_in = BargeIn(self._ear, self._floor, self._closing, self._interruption)
        self._keys = Keys()
        self._waiting: list[str] = []
        self._waiting_said = 0
        self._ask_again_ms: float | None = None

    @property
    def is_over(self) -> bool:
        """True: nothing follows any more."""
        return self._closing.is_over

    @property
    def phase(self) -> Phase:
        """The phase now."""
        floor, closing = self._floor, self._closing
        if closing.is_lingering or closing.is_over or closing.is_final:
            return Phase.ENDING
        if floor.reply is not None:
            return Phase.SPEAKING if floor.is_playing else Phase.THINKING
        return Phase.SPEAKING if floor.is_heard else _OF_THE_CALLER[self._ear.state]

    def due_ms(self) -> float | None:
        """When to send the next `Tick`; None only when the call is over."""
        floor, interruption = self._floor, self._interruption
        if self._closing.is_over:
            return None
        dues = (
            *self._closing.dues_ms(),
            self._ask_again_ms,
            self._ear.due_ms(),
            self._keys.due_ms,
            None if interruption.is_held else floor.quiet_by_ms,
            None if floor.reply is None else floor.reply.due_ms,
            interruption.due_ms(self._ear.text),
        )
        return min([due for due in dues if due is not None], default=None)

    def on(self, event: TurnEvent, now_ms: float) -> list[Effect]:
        """Take an event; do the effects in order."""
        self._now_ms = now_ms
        floor, closing, ear = self._floor, self._closing, self._ear
        effects = floor.effects = []
        if not closing.is_over:
            self._take(event)
        if not closing.is_over:
            self._barge_in.weigh(now_ms)
        if not closing.is_over:
            self._fire_timers()
        if not closing.is_over:
            self._settle()
        if self._policy.model_use != "off" and ear.wants_judgement(now_ms, self._policy.model_use):
            effects.append(JudgePause(ear.pause))
        if self._policy.eager != "off":
            effects += self._speculation.follow(self._likely_turn(), now_ms, is_turn_open=ear.state is not EarState.QUIET)
        return effects

    def _take(self, event: TurnEvent) -> None:
        now_ms, floor = self._now_ms, self._floor
        match event:
            case Begin():
                self._begin(event)
            case SpeechStarted():
                self._ear.started()
                self._ask_again_ms = None
                self._barge_in.speech_started(now_ms)
            case SpeechStopped():
                self._interruption.stopped(now_ms)
                if self._ear.stopped(event.silence_ms, now_ms, event.said):
                    floor.effects.append(FinalizeStt(event.silence_ms))
            case Transcript():
                if self._ear.transcript(event, now_ms, may_begin=not floor.is_playing):
                    floor.effects.append(FinalizeStt())
            case Interrupted():
                self._barge_in.hold(now_ms) if event.is_held else self._barge_in.cut_in(now_ms)
            case AgentSays():
                self._interruption.says = event
            case PlayoutStarted():
                floor.playout_started(now_ms)
            case PlayoutFinished():
                floor.silenced()
            case ReplyEnded():
                self._closing.reply_ended(event, now_ms)
            case TextTyped():
                self._typed(event.text, event.said)
            case KeyPressed():
                if self._keys.press(event, now_ms):
                    self._keys_ended()
            case HearingLost():
                self._closing.hearing_lost(now_ms)
            case PauseJudged():
                self._ear.judged(event.pause, event.probability)
            case Tick():
                pass

    def _begin(self, event: Begin) -> None:
        self._closing.ending = event.ending
        if event.was_cut_short:
            self._ask_again_ms = self._now_ms + ASK_AGAIN_MS
        if event.unheard_ms > 0:
            self._floor.plays_on(event.unheard_ms if event.reply is None else None, self._now_ms)
        if event.reply is not None:
            self._floor.start(event.reply, self._now_ms)

    def _typed(self, text: str, said: int) -> None:
        if not text.strip() or self._closing.is_final:
            return
        self._closing.stay()
        if not self._barge_in.is_refused:
            self._floor.silence(self._now_ms)
        self._caller_said(text.strip(), TurnTimes(decided_ms=self._now_ms, reason="typed"), said)

    def _keys_ended(self) -> None:
        text = self._keys.take()
        if self._ear.state is EarState.QUIET:
            self._typed(text, self._keys.said)
        else:
            self._ear.add_typed(text)

    def _turn_ended(self, text: str, times: TurnTimes) -> None:
        floor = self._floor
        self._interruption.ended()
        if text and floor.is_playing and self._interruption.means_nothing(text, is_last=floor.reply is None):
            # Over an agent who was not silenced: a nod, or his own words.
            text = ""
        if text:
            self._caller_said(text, times, self._ear.said)
        elif floor.reply is None and floor.is_unanswered:
            floor.start(ReplyKind.ANSWER, self._now_ms)
        elif floor.reply is None and floor.was_cut and not floor.is_playing and self._closing.ending is None:
            floor.start(ReplyKind.CONTINUE, self._now_ms)
        floor.was_cut = False

    def _caller_said(self, text: str, times: TurnTimes, said: int) -> None:
        floor = self._floor
        if self._closing.is_final:
            return
        self._closing.idle.answered()
        if floor.is_heard or (floor.reply is not None and floor.reply.is_protected):
            self._waiting.append(text)
            self._waiting_said = said
            return
        self._closing.stay()
        if floor.reply is not None:
            floor.cancel(self._now_ms)
        floor.start(ReplyKind.ANSWER, self._now_ms, text, times, said)

    def _likely_turn(self) -> str | None:
        """The turn that would be answered at once if it ended now."""
        if self._floor.is_taken or self._waiting or self._keys or self._closing.is_over or self._closing.is_final:
            return None
        return self._ear.likely_text(in_speech=self._policy.eager == "text")

    def _fire_timers(self) -> None:
        now_ms, floor = self._now_ms, self._floor
        if self._keys.due_ms is not None and now_ms >= self._keys.due_ms:
            self._keys_ended()
        if floor.quiet_by_ms is not None and now_ms >= floor.quiet_by_ms and not self._interruption.is_held:
            floor.silenced()
        if floor.reply is not None and now_ms >= floor.reply.due_ms:
            kind = floor.reply.kind
            floor.silence(now_ms)
            self._closing.reply_failed(kind, now_ms)
        if self._ask_again_ms is not None and now_ms >= self._ask_again_ms:
            self._ask_again_ms = None
            if floor.reply is None and not floor.is_playing and self._ear.state is EarState.QUIET:
                floor.start(ReplyKind.APOLOGY, now_ms)
        due_ms = self._ear.due_ms()
        if due_ms is not None and now_ms >= due_ms:
            self._turn_ended(*self._ear.take(now_ms))
        if not self._closing.is_over:
            self._closing.tick(now_ms)

    def _settle(self) -> None:
        """What follows from silence on the agent's side."""
        if self._floor.is_taken:
            self._closing.idle.over()
        elif self._waiting and not self._closing.is_final:
            text, self._waiting = " ".join(self._waiting), []
            self._closing.stay()
            self._floor.start(ReplyKind.ANSWER, self._now_ms, text, said=self._waiting_said)
        else:
            self._closing.settle(self._now_ms, is_quiet=self._ear.state is EarState.QUIET and not self._keys)
