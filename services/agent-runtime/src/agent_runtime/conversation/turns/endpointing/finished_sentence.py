"""`I'd like to check my order.` The recogniser heard the end of a sentence."""

from agent_runtime.conversation.turns.endpointing.pause import Pace, Pause, Verdict

_MIN_WORDS = 3


class FinishedSentence:
    """Brisk after an end mark: some recognisers put one at every pause, so it is not worth more."""

    def judge(self, pause: Pause) -> Verdict | None:
        """See `EndpointStrategy`."""
        return Verdict(Pace.BRISK, "sentence") if pause.is_sentence and len(pause.words) >= _MIN_WORDS else None
