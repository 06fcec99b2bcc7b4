"""Whose turn it is. Events and the time go in, effects come out; no clock, no network, no tasks.

The machine is stuck never: whenever nobody speaks and nothing is being made, a timer runs that ends in the idle question and then in hanging up.
At most one reply runs: `StartReply` comes only after the one before ended or was cancelled.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from callstage_domain.call import EndedReason
from callstage_domain.interruption import NORMAL_SENSITIVITY, barge_in_rule

from agent_runtime.conversation.turns.agent_says import AgentSays
from agent_runtime.conversation.turns.blame import reason_of
from agent_runtime.conversation.turns.ear import Ear, EarState
from agent_runtime.conversation.turns.endpointing import Endpointer, ModelUse
from agent_runtime.conversation.turns.events import (
    Begin,
    CancelReply,
    Effect,
    Ending,
    FailCall,
    FinalizeStt,
    HangUp,
    HearingLost,
    Interrupted,
    JudgePause,
    KeyPressed,
    PauseJudged,
    PlayoutFinished,
    PlayoutStarted,
    ReplyEnded,
    ReplyKind,
    ResumePlayout,
    SpeechStarted,
    SpeechStopped,
    StartReply,
    TextTyped,
    Tick,
    TurnEvent,
    TurnTimes,
)
from agent_runtime.conversation.turns.interruption import NORMAL_SPEECH_MS, Interruption, Verdict
from agent_runtime.conversation.turns.speculation import EagerLevel, Speculation
from agent_runtime.providers.ports import Transcript

END_CALL_LINGER_MS = 2000.0
"""Rule B2."""
KEYPAD_PAUSE_MS = 1500.0
ASK_AGAIN_MS = 1500.0
"""A caller whose words were lost with a process may still be speaking: this long he is listened for."""
PLAYOUT_GRACE_MS = 5000.0
"""A playout report that is this late is not coming."""
REPLY_LIMIT_MS = 180_000.0
"""Longest a reply may be in the making: five rounds of the slowest tools and the model between them."""

_UNCANCELLED = (ReplyKind.GREETING, ReplyKind.APOLOGY, ReplyKind.LAST_APOLOGY)
"""Not stopped by the caller's voice before they can be heard: the disclosure comes first (rule A6), an apology must be given."""


class Phase(StrEnum):
    """Where the conversation is, for people who look."""

    LISTENING = "listening"
    CALLER_SPEAKING = "caller_speaking"
    ENDPOINTING = "endpointing"
    THINKING = "thinking"
    SPEAKING = "speaking"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """The agent's settings that decide turns (rule A2)."""

    silence_threshold_ms: float = 700.0
    idle_timeout_ms: float = 30_000.0
    max_duration_ms: float = 600_000.0
    language: str = "en"
    is_adaptive: bool = True
    """Words and sound move the wait around the threshold; False: the threshold alone."""
    model_use: ModelUse = "off"
    """When the end-of-turn model is asked; off when there is none."""
    eager: EagerLevel = "off"
    interruption_sensitivity: float = NORMAL_SENSITIVITY


@dataclass(slots=True)
class _Reply:
    number: int
    kind: ReplyKind
    started_ms: float


class TurnMachine:
    """One call. Times are milliseconds on any steady clock."""

    def __init__(self, policy: TurnPolicy, now_ms: float) -> None:
        self._policy = policy
        self._now_ms = now_ms
        self._ear = Ear(Endpointer(policy.silence_threshold_ms, policy.language, is_adaptive=policy.is_adaptive))
        self._speculation = Speculation()
        self._interruption = Interruption(barge_in_rule(policy.interruption_sensitivity, NORMAL_SPEECH_MS))
        self._effects: list[Effect] = []
        self._reply: _Reply | None = None
        self._numbers = 0
        self._is_playing = False
        self._quiet_by_ms: float | None = None
        self._ending: Ending | None = None
        self._hang_up_ms: float | None = None
        self._idle_since_ms: float | None = None
        self._idle_asked = False
        self._ends_at_ms = now_ms + policy.max_duration_ms
        self._held: list[str] = []
        self._held_said = 0
        self._is_unanswered = False
        self._was_cut = False
        self._ask_again_ms: float | None = None
        self._keys = ""
        self._keys_due_ms: float | None = None
        self._keys_said = 0
        self._failures = 0
        self._blame = EndedReason.PROVIDER_FAILED
        self.is_over = False

    @property
    def phase(self) -> Phase:
        """The phase now."""
        if self._hang_up_ms is not None or self.is_over or (self._ending and self._ending.is_final):
            return Phase.ENDING
        if self._is_playing or (self._quiet_by_ms is not None and self._reply is None):
            return Phase.SPEAKING
        if self._reply is not None:
            return Phase.THINKING
        return {EarState.QUIET: Phase.LISTENING, EarState.TALKING: Phase.CALLER_SPEAKING, EarState.ENDPOINTING: Phase.ENDPOINTING}[self._ear.state]

    def due_ms(self) -> float | None:
        """When to send the next `Tick`; None only when the call is over."""
        if self.is_over:
            return None
        quiet_by_ms = None if self._interruption.is_held else self._quiet_by_ms
        dues = [self._ask_again_ms, self._ear.due_ms(), self._hang_up_ms, self._keys_due_ms, quiet_by_ms, self._idle_due_ms()]
        dues.append(self._interruption.due_ms(self._ear.text))
        if self._ending is None or not self._ending.is_final:
            dues.append(self._ends_at_ms)
        if self._reply is not None:
            dues.append(self._reply.started_ms + REPLY_LIMIT_MS)
        return min((due for due in dues if due is not None), default=None)

    def on(self, event: TurnEvent, now_ms: float) -> list[Effect]:
        """Take an event; do the effects in order."""
        self._now_ms = now_ms
        self._effects = []
        if not self.is_over:
            self._take(event)
        if not self.is_over:
            self._weigh()
        if not self.is_over:
            self._fire_timers()
        if not self.is_over:
            self._settle()
        if self._policy.model_use != "off" and self._ear.wants_judgement(now_ms, self._policy.model_use):
            self._effects.append(JudgePause(self._ear.pause))
        if self._policy.eager != "off":
            self._effects += self._speculation.follow(self._likely_turn(), now_ms, is_turn_open=self._ear.state is not EarState.QUIET)
        return self._effects

    def _take(self, event: TurnEvent) -> None:
        match event:
            case Begin():
                self._ending = event.ending
                if event.was_cut_short:
                    self._ask_again_ms = self._now_ms + ASK_AGAIN_MS
                if event.unheard_ms > 0:
                    self._is_playing = True
                    self._quiet_by_ms = None if event.reply is not None else self._now_ms + event.unheard_ms + PLAYOUT_GRACE_MS
                if event.reply is not None:
                    self._start(event.reply)
            case SpeechStarted():
                self._speech_started()
            case SpeechStopped():
                self._interruption.stopped(self._now_ms)
                if self._ear.stopped(event.silence_ms, self._now_ms, event.said):
                    self._effects.append(FinalizeStt(event.silence_ms))
            case Transcript():
                if self._ear.transcript(event, self._now_ms, may_begin=not self._is_playing):
                    self._effects.append(FinalizeStt())
            case Interrupted():
                self._hold() if event.is_held else self._interrupted()
            case AgentSays():
                self._interruption.says = event
            case PlayoutStarted():
                self._is_playing = True
                if self._reply is None and self._quiet_by_ms is None:
                    self._quiet_by_ms = self._now_ms + PLAYOUT_GRACE_MS
            case PlayoutFinished():
                self._is_playing, self._quiet_by_ms = False, None
            case ReplyEnded():
                self._reply_ended(event)
            case TextTyped():
                self._typed(event.text, event.said)
            case KeyPressed():
                self._key_pressed(event)
            case HearingLost():
                self._blame = EndedReason.PROVIDER_FAILED
                self._give_up()
            case PauseJudged():
                self._ear.judged(event.pause, event.probability)
            case Tick():
                pass

    def _speech_started(self) -> None:
        self._ear.started()
        self._interruption.started(self._now_ms, over_agent=self._is_playing)
        self._ask_again_ms = None
        if self._ending and self._ending.is_final:
            return
        if not self._is_playing:
            self._ending = self._hang_up_ms = None
        if self._reply is not None and not self._is_playing and self._reply.kind not in _UNCANCELLED:
            self._is_unanswered = self._is_unanswered or self._reply.kind is ReplyKind.ANSWER
            self._was_cut = self._was_cut or self._reply.kind is ReplyKind.CONTINUE
            self._cancel()

    def _hold(self) -> None:
        if self._must_be_heard():
            # The caller cannot stop a farewell or the disclosure by speaking.
            self._effects.append(ResumePlayout())
            return
        self._is_playing = True
        self._interruption.hold(self._now_ms, is_last=self._reply is None)

    def _weigh(self) -> None:
        """The caller's words over the agent's voice: are they a turn?"""
        ear, held = self._ear, self._interruption
        if held.is_held:
            verdict = held.weigh(ear.text, self._now_ms, is_settled=ear.is_settled)
            if verdict is Verdict.TURN:
                self._silence()
                self._interrupted()
            elif verdict is Verdict.NOTHING:
                self._go_on()
        elif self._is_playing and ear.state is not EarState.QUIET and not self._must_be_heard():
            self._cut_by_words()

    def _cut_by_words(self) -> None:
        if self._interruption.cuts(self._ear.text, self._now_ms, is_settled=self._ear.is_settled, is_last=self._reply is None):
            self._silence()
            self._interrupted()

    def _must_be_heard(self) -> bool:
        """What plays is said whatever the caller does: a farewell, or the disclosure (rule A6)."""
        return bool(self._ending and self._ending.is_final) or (self._is_playing and self._interruption.says.must_be_heard)

    def _go_on(self) -> None:
        """Nothing of what the caller did needs an answer."""
        silent_ms = self._interruption.release(self._now_ms)
        if self._quiet_by_ms is not None:
            self._quiet_by_ms += silent_ms
        self._ear.forget()
        self._effects.append(ResumePlayout(self._ear.said))

    def _interrupted(self) -> None:
        self._interruption.release(self._now_ms)
        self._was_cut = True
        self._is_unanswered = False
        self._is_playing, self._quiet_by_ms = False, None
        if self._reply is not None:
            self._cancel()
        if self._ending and not self._ending.is_final:
            self._ending = self._hang_up_ms = None

    def _reply_ended(self, event: ReplyEnded) -> None:
        if self._reply is None or event.number != self._reply.number:
            return
        kind, self._reply = self._reply.kind, None
        is_heard = event.unheard_ms <= 0 and not self._is_playing
        self._quiet_by_ms = None if is_heard else self._now_ms + event.unheard_ms + PLAYOUT_GRACE_MS
        if event.failure:
            self._blame = reason_of(event.failure)
            self._failed(kind)
            return
        if kind is ReplyKind.ANSWER:
            self._failures = 0
        if event.ending is not None:
            self._ending = event.ending

    def _failed(self, kind: ReplyKind) -> None:
        if kind in (ReplyKind.APOLOGY, ReplyKind.LAST_APOLOGY):
            self._over(FailCall(self._blame))
            return
        if kind is ReplyKind.FAREWELL:
            return
        self._failures += 1
        if self._failures == 1:
            self._start(ReplyKind.APOLOGY)
        else:
            self._give_up()

    def _give_up(self) -> None:
        self._ending = Ending(self._blame, is_final=True)
        self._silence()
        self._start(ReplyKind.LAST_APOLOGY)

    def _typed(self, text: str, said: int) -> None:
        if not text.strip() or (self._ending and self._ending.is_final):
            return
        self._ending = self._hang_up_ms = None
        if not self._must_be_heard():
            self._silence()
        self._caller_said(text.strip(), TurnTimes(decided_ms=self._now_ms, reason="typed"), said)

    def _key_pressed(self, event: KeyPressed) -> None:
        digit, self._keys_said = event.digit, event.said
        if digit == "#" and self._keys:
            self._keys_ended()
            return
        self._keys += digit
        self._keys_due_ms = self._now_ms + KEYPAD_PAUSE_MS
        if digit == "#":
            self._keys_ended()

    def _keys_ended(self) -> None:
        text, self._keys, self._keys_due_ms = f"[keypad: {self._keys}]", "", None
        if self._ear.state is EarState.QUIET:
            self._typed(text, self._keys_said)
        else:
            self._ear.add_typed(text)

    def _fire_timers(self) -> None:
        now_ms = self._now_ms
        if self._keys_due_ms is not None and now_ms >= self._keys_due_ms:
            self._keys_ended()
        if self._quiet_by_ms is not None and now_ms >= self._quiet_by_ms and not self._interruption.is_held:
            self._is_playing, self._quiet_by_ms = False, None
        if self._reply is not None and now_ms >= self._reply.started_ms + REPLY_LIMIT_MS:
            kind = self._reply.kind
            self._silence()
            self._failed(kind)
        if self._ask_again_ms is not None and now_ms >= self._ask_again_ms:
            self._ask_again_ms = None
            if self._reply is None and not self._is_playing and self._ear.state is EarState.QUIET:
                self._start(ReplyKind.APOLOGY)
        due = self._ear.due_ms()
        if due is not None and now_ms >= due:
            self._turn_ended(*self._ear.take(now_ms))
        if self.is_over:
            return
        if now_ms >= self._ends_at_ms and not (self._ending and self._ending.is_final):
            self._ending, self._hang_up_ms = Ending(EndedReason.MAX_DURATION, is_final=True), None
            self._silence()
            self._start(ReplyKind.FAREWELL)
        if self._hang_up_ms is not None and self._ending is not None and now_ms >= self._hang_up_ms:
            self._over(HangUp(self._ending.reason))

    def _turn_ended(self, text: str, times: TurnTimes) -> None:
        self._interruption.ended()
        if text and self._is_playing and self._interruption.means_nothing(text, is_last=self._reply is None):
            # Over an agent who was not silenced: a nod, or his own words.
            text = ""
        if text:
            self._caller_said(text, times, self._ear.said)
        elif self._reply is None and self._is_unanswered:
            self._start(ReplyKind.ANSWER)
        elif self._reply is None and self._was_cut and not self._is_playing and not self._ending:
            self._start(ReplyKind.CONTINUE)
        self._was_cut = False

    def _caller_said(self, text: str, times: TurnTimes, said: int) -> None:
        if self._ending and self._ending.is_final:
            return
        self._idle_asked = False
        must_wait = self._is_playing or self._quiet_by_ms is not None or (self._reply is not None and self._reply.kind in _UNCANCELLED)
        if must_wait:
            self._held.append(text)
            self._held_said = said
            return
        self._ending = self._hang_up_ms = None
        if self._reply is not None:
            self._cancel()
        self._start(ReplyKind.ANSWER, text, times, said)

    def _likely_turn(self) -> str | None:
        """The turn that would be answered at once if it ended now."""
        is_busy = self._reply is not None or self._is_playing or self._quiet_by_ms is not None or bool(self._held or self._keys)
        if is_busy or self.is_over or (self._ending and self._ending.is_final):
            return None
        return self._ear.likely_text(in_speech=self._policy.eager == "text")

    def _settle(self) -> None:
        """What follows from silence on the agent's side."""
        is_busy = self._reply is not None or self._is_playing or self._quiet_by_ms is not None
        if is_busy:
            self._idle_since_ms = None
            return
        is_quiet = self._ear.state is EarState.QUIET
        if self._held and not (self._ending and self._ending.is_final):
            text = " ".join(self._held)
            self._held, self._ending, self._hang_up_ms = [], None, None
            self._start(ReplyKind.ANSWER, text, said=self._held_said)
        elif self._ending is not None:
            if self._ending.linger_ms <= 0:
                self._over(HangUp(self._ending.reason))
            elif self._hang_up_ms is None:
                self._hang_up_ms = self._now_ms + self._ending.linger_ms
        elif not is_quiet or self._keys:
            self._idle_since_ms = None
        elif self._idle_since_ms is None:
            self._idle_since_ms = self._now_ms
        elif self._now_ms >= self._idle_since_ms + self._policy.idle_timeout_ms:
            self._idle()

    def _idle_due_ms(self) -> float | None:
        return None if self._idle_since_ms is None else self._idle_since_ms + self._policy.idle_timeout_ms

    def _idle(self) -> None:
        if self._idle_asked:
            self._ending = Ending(EndedReason.IDLE_TIMEOUT)
            self._start(ReplyKind.FAREWELL)
        else:
            self._idle_asked = True
            self._start(ReplyKind.IDLE_QUESTION)

    def _start(self, kind: ReplyKind, text: str = "", times: TurnTimes | None = None, said: int = 0) -> None:
        self._numbers += 1
        self._reply = _Reply(self._numbers, kind, self._now_ms)
        self._idle_since_ms = None
        self._is_unanswered = False
        times = times or TurnTimes(decided_ms=self._now_ms)
        eager_ms, dropped = self._speculation.answered(text)
        if eager_ms is not None:
            times = replace(times, eager_ms=eager_ms)
        self._effects += dropped
        self._effects.append(StartReply(self._numbers, kind, text, times, said))

    def _cancel(self) -> None:
        self._reply = None
        self._interruption.release(self._now_ms)
        self._effects.append(CancelReply())

    def _silence(self) -> None:
        """Nothing is said and nothing plays from here on."""
        if self._reply is not None or self._is_playing or self._quiet_by_ms is not None:
            self._cancel()
        self._is_playing, self._quiet_by_ms = False, None

    def _over(self, effect: Effect) -> None:
        self.is_over = True
        if self._reply is not None:
            self._cancel()
        self._effects.append(effect)
