"""What becomes of the agent's voice when the caller speaks."""

from agent_runtime.conversation.turns.closing import Closing
from agent_runtime.conversation.turns.ear import Ear, EarState
from agent_runtime.conversation.turns.events import ResumePlayout
from agent_runtime.conversation.turns.floor import Floor
from agent_runtime.conversation.turns.interruption import Interruption, Verdict


class BargeIn:
    """One call. Whether it is an interruption, `interruption` judges."""

    def __init__(self, ear: Ear, floor: Floor, closing: Closing, interruption: Interruption) -> None:
        self._ear = ear
        self._floor = floor
        self._closing = closing
        self._interruption = interruption

    @property
    def is_refused(self) -> bool:
        """What plays is said whatever the caller does: a farewell, or the disclosure (rule A6)."""
        return self._closing.is_final or (self._floor.is_playing and self._interruption.says.must_be_heard)

    def speech_started(self, now_ms: float) -> None:
        """The caller speaks; what cannot be heard yet makes way at once."""
        is_playing = self._floor.is_playing
        self._interruption.started(now_ms, over_agent=is_playing)
        if not self._closing.is_final and not is_playing:
            self._closing.stay()
            self._floor.make_way(now_ms)

    def hold(self, now_ms: float) -> None:
        """The gateway has silenced the agent, and waits."""
        if self.is_refused:
            self._floor.effects.append(ResumePlayout())
            return
        self._floor.is_playing = True
        self._interruption.hold(now_ms, is_last=self._floor.reply is None)

    def cut_in(self, now_ms: float) -> None:
        """It was an interruption."""
        self._floor.interrupted(now_ms)
        if not self._closing.is_final:
            self._closing.stay()

    def weigh(self, now_ms: float) -> None:
        """The caller's words over the agent's voice: are they a turn?"""
        ear, floor, held = self._ear, self._floor, self._interruption
        if held.is_held:
            verdict = held.weigh(ear.text, now_ms, is_settled=ear.is_settled)
        elif floor.is_playing and ear.state is not EarState.QUIET and not self.is_refused:
            is_turn = held.cuts(ear.text, now_ms, is_settled=ear.is_settled, is_last=floor.reply is None)
            verdict = Verdict.TURN if is_turn else Verdict.UNDECIDED
        else:
            return
        if verdict is Verdict.TURN:
            floor.silence(now_ms)
            self.cut_in(now_ms)
        elif verdict is Verdict.NOTHING:
            # Nothing of what the caller did needs an answer.
            floor.delayed(held.release(now_ms))
            ear.forget()
            floor.effects.append(ResumePlayout(ear.said))
