"""An answer whose process was lost in the middle of it: the model is asked for the rest, and nothing is said twice (rule C5)."""

from dataclasses import replace

from agent_runtime.providers.continuation import Seam, continued
from agent_runtime.providers.ports import LlmRequest


class TornAnswer:
    """`request` is what to ask; what the model answers passes through `push` and `flush`. Does nothing when the history ends as it should."""

    def __init__(self, request: LlmRequest, *, is_opening: bool) -> None:
        last = request.messages[-1] if request.messages else None
        is_torn = last is not None and last.role == "assistant" and not last.tool_calls and not is_opening
        self.request = continued(replace(request, messages=request.messages[:-1]), last.content) if last is not None and is_torn else request
        self._seam = Seam(last.content) if last is not None and is_torn else None

    def push(self, delta: str) -> str:
        """What of it is new."""
        return self._seam.push(delta) if self._seam is not None else delta

    def flush(self) -> str:
        """What is left at the end of the answer."""
        return self._seam.flush() if self._seam is not None else ""
