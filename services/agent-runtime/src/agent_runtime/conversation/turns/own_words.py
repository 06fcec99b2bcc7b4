"""Does the recogniser hear the agent's own voice? By the words: what it understood is what the agent is saying right now. Pure."""

from difflib import SequenceMatcher
from typing import Final

from agent_runtime.conversation.turns.speculation import bare_words

OWN_SHARE: Final = 0.75
"""Of the understood words; a recogniser gets one in four of an echo wrong."""
FEW_WORDS: Final = 2
"""So few prove little: a caller repeats a word of the agent, or picks one of the things that he was offered."""


def own_share(text: str, saying: str) -> float:
    """The share (0..1) of the words of `text` that come, in this order, in what the agent has just said and is about to say."""
    heard, own = bare_words(text).split(), bare_words(saying).split()
    if not heard or not own:
        return 0.0
    if len(heard) <= FEW_WORDS:
        return float(any(own[start : start + len(heard)] == heard for start in range(len(own) - len(heard) + 1)))
    return sum(block.size for block in SequenceMatcher(None, heard, own, autojunk=False).get_matching_blocks()) / len(heard)


def are_own_words(text: str, saying: str, *, few_count: bool = False) -> bool:
    """One or two words alone count only when `few_count`."""
    return own_share(text, saying) >= OWN_SHARE and (few_count or len(bare_words(text).split()) > FEW_WORDS)
