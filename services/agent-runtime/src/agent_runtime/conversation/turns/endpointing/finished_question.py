"""`What are your opening hours?` The caller wants an answer now."""

from agent_runtime.conversation.turns.endpointing.pause import Pace, Pause, Verdict

_MIN_WORDS = 2
"""`What?` may be the beginning of a longer question that the recogniser was quick with."""


class FinishedQuestion:
    """Quick after a question mark."""

    def judge(self, pause: Pause) -> Verdict | None:
        """See `EndpointStrategy`."""
        is_question = pause.mark in ("?", "？") and len(pause.words) >= _MIN_WORDS
        return Verdict(Pace.QUICK, "question") if is_question else None
