"""`I would like two pizzas and`: more is to come."""

from agent_runtime.conversation.turns.endpointing.pause import Pace, Pause, Verdict
from agent_runtime.conversation.turns.endpointing.words import cue_words

_OPEN_MARKS = frozenset(",;:-–—…")
_CLOSED_MARKS = frozenset("?!？！")


class UnfinishedSentence:
    """Patient after a word or a mark that never ends a sentence; after one that seldom does when there is no end mark behind it."""

    def judge(self, pause: Pause) -> Verdict | None:
        """See `EndpointStrategy`."""
        words = pause.words
        if not words or pause.mark in _CLOSED_MARKS:
            return None
        cues = cue_words(pause.language)
        if " ".join(words) in cues.answers:
            return None
        trails_off = pause.mark in _OPEN_MARKS or pause.text.rstrip().endswith("...")
        is_open = trails_off or words[-1] in cues.joining or (not pause.is_sentence and words[-1] in cues.leaning)
        return Verdict(Pace.PATIENT, "unfinished") if is_open else None
