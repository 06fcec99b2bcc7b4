"""A phone number, an account number: people say it in groups, and pause between them."""

import re

from agent_runtime.conversation.turns.endpointing.pause import Pace, Pause, Verdict
from agent_runtime.conversation.turns.endpointing.words import CueWords, cue_words

_COMPLETE_DIGITS = 10
"""So many digits are a whole phone number in most countries; a longer one is given its time by the usual silence."""
_GROUP_WORDS = 2
_WHOLE_GROUP_DIGITS = 4
"""A recogniser that writes `48211` in one piece heard it in one piece."""
_LOOK_BACK_WORDS = 14
_SUFFIX_LETTERS = 5
_FIGURES = re.compile(r"\+?[\d()\-]*\d[\d()\-]*")
"""Not `7:30`, `3.5` or `12/10`: times, amounts and dates are said in one go."""


class UnfinishedNumber:
    """Patient while digits are coming: after two digit words in a row (`five five`, `030 12`), or after a short group when a number was announced."""

    def judge(self, pause: Pause) -> Verdict | None:
        """See `EndpointStrategy`."""
        cues = cue_words(pause.language)
        words = [word.strip(".,!?;").casefold() for word in pause.text.split()]
        tail: list[str] = []
        while words and (words[-1] in cues.digits or _FIGURES.fullmatch(words[-1])):
            tail.append(words.pop())
        digits = sum(_digits(word) for word in tail)
        if not tail or pause.mark == "?" or digits >= _COMPLETE_DIGITS:
            return None
        is_announced = any(_names_number(word, cues) for word in words[-_LOOK_BACK_WORDS:])
        is_coming = len(tail) >= _GROUP_WORDS or (is_announced and digits < _WHOLE_GROUP_DIGITS)
        return Verdict(Pace.PATIENT, "unfinished number") if is_coming else None


def _digits(word: str) -> int:
    return sum(char.isdigit() for char in word) or 1


def _names_number(word: str, cues: CueWords) -> bool:
    """`number`, and `Kundennummer`."""
    return word in cues.number_names or any(word.endswith(name) for name in cues.number_names if len(name) >= _SUFFIX_LETTERS)
