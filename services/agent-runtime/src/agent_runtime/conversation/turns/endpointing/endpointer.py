"""From the strategies' verdicts to one wait within the bounds that the agent's `silence_threshold_ms` sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent_runtime.conversation.turns.endpointing.end_model import EndModel
from agent_runtime.conversation.turns.endpointing.finished_question import FinishedQuestion
from agent_runtime.conversation.turns.endpointing.finished_sentence import FinishedSentence
from agent_runtime.conversation.turns.endpointing.fixed_silence import FixedSilence
from agent_runtime.conversation.turns.endpointing.hesitation import Hesitation
from agent_runtime.conversation.turns.endpointing.pause import EndpointStrategy, Pace, Pause, Verdict
from agent_runtime.conversation.turns.endpointing.plain_answer import PlainAnswer
from agent_runtime.conversation.turns.endpointing.unfinished_number import UnfinishedNumber
from agent_runtime.conversation.turns.endpointing.unfinished_sentence import UnfinishedSentence

SHORTEST_WAIT_MS = 200.0
"""The gateway's own silence before it tells of a pause at all."""
QUICK_FACTOR = 0.5
BRISK_FACTOR = 0.75
PATIENT_FACTOR = 2.0
"""Of `silence_threshold_ms`: the agent's owner said how hasty it may be, the evidence moves it between half and twice of that."""
PATIENT_AT_LEAST_MS = 300.0
PATIENT_AT_MOST_MS = 1500.0
"""What patience adds, whatever the threshold: a pause in a number is no shorter for a hasty agent, and nobody waits seconds more for a slow one."""
MODEL_WORTH_MS = 100.0
"""The model is not asked when less than this could be gained, or is left: it takes 30 ms of CPU, and longer on a busy machine."""
ModelUse = Literal["off", "patience", "always"]
"""`patience`: asked when the words have no end mark, where it can only lengthen the wait; `always`: also to shorten one."""

_STRATEGIES: tuple[EndpointStrategy, ...] = (
    UnfinishedNumber(),
    Hesitation(),
    UnfinishedSentence(),
    FinishedQuestion(),
    EndModel(),
    PlainAnswer(),
    FinishedSentence(),
)
_UNSURE = (Pace.USUAL, Pace.BRISK)


@dataclass(frozen=True, slots=True)
class Wait:
    """So much silence, counted from the last word, ends the turn."""

    ms: float
    pace: Pace
    reason: str


class Endpointer:
    """One agent's way of ending turns. The first strategy that says something counts. `is_adaptive=False`: the fixed silence alone."""

    def __init__(
        self, threshold_ms: float, language: str = "en", *, is_adaptive: bool = True, strategies: Sequence[EndpointStrategy] = _STRATEGIES
    ) -> None:
        self._threshold_ms = threshold_ms
        self._language = language
        self._strategies = (*strategies, FixedSilence()) if is_adaptive else (FixedSilence(),)
        self._is_adaptive = is_adaptive
        self._known: tuple[str, float | None, Wait] | None = None
        """The last answer: until the caller goes on, every event of the call asks for it again."""

    def wait(self, text: str, probability: float | None = None) -> Wait:
        """How long to wait after `text`; without text (noise, or nothing understood yet) the usual time."""
        known = self._known
        if known is None or known[0] != text or known[1] != probability:
            verdict = self._verdict(Pause(text, self._language, probability))
            known = self._known = (text, probability, Wait(self._ms(verdict.pace), verdict.pace, verdict.reason))
        return known[2]

    def is_worth_asking(self, text: str, silent_ms: float, use: ModelUse) -> bool:
        """True when the model could still change the wait, silent for so long already: the words alone do not say."""
        if use == "off" or not self._is_adaptive or not text:
            return False
        pace = self._verdict(Pause(text, self._language)).pace
        if use == "patience":
            return pace is Pace.USUAL and self._threshold_ms - silent_ms >= MODEL_WORTH_MS
        return pace in _UNSURE and self._ms(pace) - max(self._ms(Pace.QUICK), silent_ms) >= MODEL_WORTH_MS

    def looks_finished(self, text: str) -> bool:
        """True when the words alone look like the end of a turn."""
        return bool(text) and self._verdict(Pause(text, self._language)).pace in (Pace.QUICK, Pace.BRISK)

    def _verdict(self, pause: Pause) -> Verdict:
        if not pause.text:
            return FixedSilence().judge(pause)
        return next(verdict for strategy in self._strategies if (verdict := strategy.judge(pause)) is not None)

    def _ms(self, pace: Pace) -> float:
        threshold_ms = self._threshold_ms
        shortest_ms = min(SHORTEST_WAIT_MS, threshold_ms)
        match pace:
            case Pace.QUICK:
                return max(shortest_ms, QUICK_FACTOR * threshold_ms)
            case Pace.BRISK:
                return max(shortest_ms, BRISK_FACTOR * threshold_ms)
            case Pace.USUAL:
                return threshold_ms
            case Pace.PATIENT:
                return threshold_ms + min(max((PATIENT_FACTOR - 1) * threshold_ms, PATIENT_AT_LEAST_MS), PATIENT_AT_MOST_MS)
