"""Why a call ends when the agent cannot go on, by what failed last (rule K5)."""

from callstage_domain.call import EndedReason

TOOL_FAILURE = "tool"
INTERNAL_FAILURE = "internal"
_REASONS = {TOOL_FAILURE: EndedReason.TOOL_FAILED, INTERNAL_FAILURE: EndedReason.INTERNAL_ERROR}


def reason_of(failure: str) -> EndedReason:
    """Of `ReplyEnded.failure`: whatever is not ours and no tool is a provider's."""
    return _REASONS.get(failure, EndedReason.PROVIDER_FAILED)
