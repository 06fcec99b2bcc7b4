"""`Yes please.` A whole turn in a word or two."""

from agent_runtime.conversation.turns.endpointing.pause import Pace, Pause, Verdict
from agent_runtime.conversation.turns.endpointing.words import cue_words


class PlainAnswer:
    """Brisk when the whole turn is one of the short answers; not quick, for `Yes. And …` is common."""

    def judge(self, pause: Pause) -> Verdict | None:
        """See `EndpointStrategy`."""
        is_answer = " ".join(pause.words) in cue_words(pause.language).answers
        return Verdict(Pace.BRISK, "answer") if is_answer else None
