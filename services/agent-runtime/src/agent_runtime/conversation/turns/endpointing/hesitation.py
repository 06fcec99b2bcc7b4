"""`Uhm`: the caller holds the floor and thinks."""

from agent_runtime.conversation.turns.endpointing.pause import Pace, Pause, Verdict
from agent_runtime.conversation.turns.endpointing.words import cue_words


class Hesitation:
    """Patient after a filler, whatever the recogniser puts behind it."""

    def judge(self, pause: Pause) -> Verdict | None:
        """See `EndpointStrategy`."""
        words = pause.words
        is_filler = bool(words) and pause.mark != "?" and words[-1] in cue_words(pause.language).hesitations
        return Verdict(Pace.PATIENT, "hesitation") if is_filler else None
