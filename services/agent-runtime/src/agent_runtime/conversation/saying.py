"""Of everything that was made and sent: what does the caller hear at this moment?"""

from collections.abc import Sequence

from agent_runtime.conversation.turns.agent_says import AgentSays, is_question
from agent_runtime.conversation.utterance import Utterance

BEFORE_MS = 30_000.0
NEAR_MS = 3000.0
AFTER_MS = 1500.0
_UNKNOWN_MS = 60_000.0


def agent_says(utterances: Sequence[Utterance], now_ms: float) -> AgentSays:
    """`utterances`: those that are not settled, in the order in which they play."""
    playing = next((one for one in utterances if one.started_at_ms is not None and one.estimated_heard_ms(now_ms) < one.sent_ms), None)
    if playing is None:
        playing = next((one for one in utterances if one.is_outstanding), None)
    if playing is None:
        return AgentSays()
    heard_ms, end_ms = playing.estimated_heard_ms(now_ms), 0.0
    words: list[str] = []
    near: list[str] = []
    sentence, left_ms, since_question_ms, heard_count = "", 0.0, None, 0
    for index, (text, duration_ms) in enumerate(zip(playing.sentences, [*playing.durations_ms, playing.partial_ms], strict=False)):
        start_ms, end_ms = end_ms, end_ms + duration_ms
        words.append(_between(text, start_ms, duration_ms, heard_ms - BEFORE_MS, heard_ms + AFTER_MS))
        near.append(_between(text, start_ms, duration_ms, heard_ms - NEAR_MS, heard_ms + AFTER_MS))
        if start_ms <= heard_ms < end_ms:
            # How long a sentence in the making will be nobody knows.
            sentence, left_ms = text, end_ms - heard_ms if index < len(playing.durations_ms) else _UNKNOWN_MS
        elif end_ms <= heard_ms:
            heard_count += 1
            since_question_ms = heard_ms - end_ms if is_question(text) else since_question_ms
    unheard_ms = sum(one.sent_ms - one.estimated_heard_ms(now_ms) for one in utterances if one.is_outstanding)
    return AgentSays(" ".join(words), " ".join(near), sentence, left_ms, unheard_ms, since_question_ms, heard_count < playing.must_hear)


def _between(text: str, start_ms: float, duration_ms: float, from_ms: float, to_ms: float) -> str:
    """The words of a sentence that play in that time, by proportion."""
    if to_ms <= start_ms or start_ms + duration_ms < from_ms:
        return ""
    words = text.split()
    if duration_ms <= 0:
        return text
    first = int(len(words) * max(0.0, from_ms - start_ms) / duration_ms)
    last = int(len(words) * (to_ms - start_ms) / duration_ms) + 1
    return " ".join(words[first:last])
