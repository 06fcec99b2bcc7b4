"""The caller's voice over the agent's: a turn, or nothing? The gateway has silenced the agent already and holds what was not heard. Pure.

Nothing is a noise (no words came), a nod (a back-channel), or the agent's own words out of a loudspeaker: then the agent goes on where he stopped.
"""

from enum import StrEnum
from typing import Final

from callstage_domain.interruption import BargeInRule

from agent_runtime.conversation.turns.agent_says import AgentSays
from agent_runtime.conversation.turns.back_channel import is_back_channel, may_become_back_channel
from agent_runtime.conversation.turns.own_words import are_own_words, own_share
from agent_runtime.conversation.turns.speculation import bare_words

SPEECH_LIMIT_MS: Final = 4000.0
"""Who speaks so long without being understood at all wants something. The agent is silent meanwhile, so that waiting costs the caller nothing."""
NODDING_LIMIT_MS: Final = 3000.0
"""The longest nod."""
WORDS_LIMIT_MS: Final = 900.0
"""After the caller fell silent the agent waits for words at most this long. If some come later, they silence him again."""
HOLD_LIMIT_MS: Final = 6000.0
"""Whatever happens: the agent is not mute for longer."""
_SURE_WORDS: Final = 2
"""One word of an interim text may be a slip of the recogniser."""
_PARTLY_OWN: Final = 0.5
"""So much of it may be an echo that was misheard."""
NORMAL_SPEECH_MS: Final = 200.0
"""What counts as speech at the normal sensitivity."""
NEARLY_DONE_MS: Final = 700.0
"""With less than this unheard the agent has finished for the caller, whose "okay" is an answer then."""


class Verdict(StrEnum):
    """`NOTHING`: nobody wanted the floor."""

    UNDECIDED = "undecided"
    TURN = "turn"
    NOTHING = "nothing"


class Interruption:
    """One call. Held from `hold` to `release`."""

    def __init__(self, rule: BargeInRule | None) -> None:
        self._rule = rule
        self._held_ms: float | None = None
        self._spoken_ms: float | None = None
        self._stopped_ms: float | None = None
        self._is_over_agent = False
        self._was_last = False
        self.says = AgentSays()

    @property
    def is_held(self) -> bool:
        """True while the gateway holds the agent's voice."""
        return self._held_ms is not None

    def hold(self, now_ms: float, *, is_last: bool) -> None:
        """The agent was silenced by a voice. `is_last`: he had nothing more to make."""
        if self._held_ms is None:
            self._held_ms, self._was_last = now_ms, is_last
            if self._spoken_ms is None:
                self._spoken_ms = now_ms

    def release(self, now_ms: float) -> float:
        """It was decided; returns how long the agent was silent."""
        held_ms, self._held_ms = (now_ms - self._held_ms if self._held_ms is not None else 0.0), None
        return held_ms

    def started(self, now_ms: float, *, over_agent: bool) -> None:
        """The caller speaks (on)."""
        self._is_over_agent = over_agent
        if self._spoken_ms is None or self._held_ms is None:
            self._spoken_ms = now_ms
        self._stopped_ms = None

    def stopped(self, now_ms: float) -> None:
        """The caller fell silent."""
        self._stopped_ms = now_ms

    def ended(self) -> None:
        """The caller's turn is over; words that come later are no interruption."""
        self._is_over_agent = False

    def due_ms(self, text: str) -> float | None:
        """When time alone decides about what is held."""
        if self._held_ms is None:
            return None
        latest_ms = self._held_ms + HOLD_LIMIT_MS
        if self._stopped_ms is not None:
            return min(latest_ms, self._stopped_ms + WORDS_LIMIT_MS)
        spoken_ms = self._spoken_ms if self._spoken_ms is not None else self._held_ms
        return min(latest_ms, spoken_ms + (NODDING_LIMIT_MS if text else SPEECH_LIMIT_MS))

    def weigh(self, text: str, now_ms: float, *, is_settled: bool) -> Verdict:
        """What is held, judged by the words so far. `is_settled`: no more come of what was said."""
        if self._held_ms is None:
            return Verdict.UNDECIDED
        due_ms = self.due_ms(text)
        is_due = due_ms is not None and now_ms >= due_ms
        if self.means_nothing(text, is_last=self._was_last):
            if is_settled:
                return Verdict.NOTHING
            return (Verdict.TURN if self._stopped_ms is None else Verdict.NOTHING) if is_due else Verdict.UNDECIDED
        # The agent is silent meanwhile, so that an unfinished or a misheard word need not decide.
        return Verdict.UNDECIDED if not is_settled and not is_due and self._may_change(text) else Verdict.TURN

    def cuts(self, text: str, now_ms: float, *, is_settled: bool, is_last: bool) -> bool:
        """True when these words silence an agent whom the voice alone did not: because the rule asks for words, or was not met."""
        if self._rule is None or not self._is_over_agent or self._held_ms is not None or self.means_nothing(text, is_last=is_last):
            return False
        if len(bare_words(text).split()) < self._rule.min_words or self._speech_ms(now_ms) < self._rule.min_speech_ms:
            return False
        return is_settled or not self._may_change(text)

    def _speech_ms(self, now_ms: float) -> float:
        """How long the caller has spoken, with what he had spoken before it counted as speech."""
        spoken_ms = self._spoken_ms if self._spoken_ms is not None else now_ms
        return (self._stopped_ms if self._stopped_ms is not None else now_ms) - spoken_ms + NORMAL_SPEECH_MS

    def means_nothing(self, text: str, *, is_last: bool) -> bool:
        """No words, the agent's own, or a nod that is no answer."""
        is_answer = self._is_answer(is_last)
        if not bare_words(text) or self._are_own(text, is_answer):
            return True
        return not is_answer and is_back_channel(text)

    def _are_own(self, text: str, is_answer: bool) -> bool:
        # One word of the agent, repeated as a question ("Thursday?"), is the caller's; the gateway has found no echo on the line, after all.
        few_count = not is_answer and not text.rstrip().endswith("?")
        return are_own_words(text, self.says.words) or are_own_words(text, self.says.near, few_count=few_count)

    def _may_change(self, text: str) -> bool:
        """True for an interim text that may still become nothing."""
        is_short = len(bare_words(text).split()) < _SURE_WORDS
        return is_short or may_become_back_channel(text) or own_share(text, self.says.words) >= _PARTLY_OWN

    def _is_answer(self, is_last: bool) -> bool:
        return self.says.asks or (is_last and self.says.unheard_ms <= NEARLY_DONE_MS)
