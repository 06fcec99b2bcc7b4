"""What `interruption_sensitivity` (rule A2) means: the one place where the number becomes conditions."""

from dataclasses import dataclass
from typing import Final

NORMAL_SENSITIVITY: Final = 0.5
_LEAST_SENSITIVE_MS: Final = 800.0
_MOST_SENSITIVE_MS: Final = 100.0
_LEAST_SENSITIVE_MARGIN_DB: Final = 15.0
_NORMAL_MARGIN_DB: Final = 6.0
_MOST_SENSITIVE_MARGIN_DB: Final = 3.0
_THREE_WORDS_BELOW: Final = 0.2
_TWO_WORDS_BELOW: Final = 0.4


@dataclass(frozen=True, slots=True)
class BargeInRule:
    """What a caller has to do to cut the agent off. All of it at the same time."""

    min_speech_ms: float
    """Speech without a pause."""
    min_words: int
    """Words of an interim transcript that are more than a back-channel; 0: the voice alone silences the agent, the words decide afterwards."""
    margin_db: float
    """How far the speech rises above the noise of the line."""


def barge_in_rule(sensitivity: float, start_ms: float) -> BargeInRule | None:
    """None for 0: never. `start_ms` is the speech that counts as begun at the normal sensitivity of 0.5.

    Speech: near 0 → 800 ms, 0.5 → `start_ms`, 1 → 100 ms. Words: from 0.5 on none, below one, two (< 0.4) or three (< 0.2).
    """
    if sensitivity <= 0:
        return None
    sensitivity = min(sensitivity, 1.0)
    if sensitivity >= NORMAL_SENSITIVITY:
        share = (sensitivity - NORMAL_SENSITIVITY) / (1 - NORMAL_SENSITIVITY)
        return BargeInRule(_between(start_ms, _MOST_SENSITIVE_MS, share), 0, _between(_NORMAL_MARGIN_DB, _MOST_SENSITIVE_MARGIN_DB, share))
    share = sensitivity / NORMAL_SENSITIVITY
    words = 3 if sensitivity < _THREE_WORDS_BELOW else 2 if sensitivity < _TWO_WORDS_BELOW else 1
    return BargeInRule(_between(_LEAST_SENSITIVE_MS, start_ms, share), words, _between(_LEAST_SENSITIVE_MARGIN_DB, _NORMAL_MARGIN_DB, share))


def _between(first: float, second: float, share: float) -> float:
    return first + (second - first) * share
