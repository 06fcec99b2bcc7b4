"""How it sounded: the end-of-turn model's probability."""

from agent_runtime.conversation.turns.endpointing.pause import Pace, Pause, Verdict

_SURE = 0.8
_SURELY_NOT = 0.1
"""Its mistakes lie on both sides (docs/decisions/0007): between the two, and without an end mark, the silence decides."""


class EndModel:
    """Quick when the model is sure and the words make a sentence; patient when it is sure of the opposite."""

    def judge(self, pause: Pause) -> Verdict | None:
        """See `EndpointStrategy`."""
        probability = pause.probability
        if probability is None:
            return None
        reason = f"model {probability:.2f}"
        if probability >= _SURE and pause.is_sentence:
            return Verdict(Pace.QUICK, reason)
        return Verdict(Pace.PATIENT, reason) if probability <= _SURELY_NOT else None
