"""The agent's voice while the gateway holds it: an interruption of which nobody knows yet whether it is one."""

from callstage_kit.telemetry.metrics import BARGE_INS_TOTAL

from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.realtime.voice import RealtimeVoice
from agent_runtime.conversation.speech import Speech


class HeldVoice:
    """One call. What is being made goes on being made: the gateway keeps it with the rest."""

    def __init__(self, speech: Speech, outlet: Outlet, realtime: RealtimeVoice | None) -> None:
        self._speech = speech
        self._outlet = outlet
        self._realtime = realtime
        self._cut: tuple[str, float] | None = None

    @property
    def is_held(self) -> bool:
        """True while it is not decided."""
        return self._cut is not None

    def hold(self, utterance: str, heard_ms: float) -> bool:
        """The gateway has silenced that utterance. False: there is nothing new to decide."""
        if self._cut is not None:
            # Of several utterances the first is the one that played.
            return False
        if not self._speech.playout.knows(utterance):
            # Nobody here would ever go on with it.
            self._outlet.clear()
            return False
        self._speech.playout.stopped_at(utterance, heard_ms)
        self._heard_until(heard_ms)
        self._cut = (utterance, heard_ms)
        return True

    def resume(self, said: int) -> None:
        """It was no interruption, and what the caller did up to that number needs no answer."""
        if self._cut is not None:
            self._speech.playout.stopped_at(*self._cut)
            self._cut = None
            BARGE_INS_TOTAL.labels("nothing").inc()
        self._outlet.resume_playout(said)

    async def silence(self, cut: tuple[str, float] | None = None) -> None:
        """It was one; also when nothing is held. `cut`: the gateway has dropped it itself."""
        if cut is not None:
            self._heard_until(cut[1])
        held, self._cut = self._cut, None
        await self._speech.silence(cut or held)
        if held is not None:
            BARGE_INS_TOTAL.labels("turn" if cut is None else "undecided").inc()
            if cut is None:
                self._outlet.clear()

    def _heard_until(self, heard_ms: float) -> None:
        if self._realtime is not None:
            self._realtime.cut(heard_ms)
