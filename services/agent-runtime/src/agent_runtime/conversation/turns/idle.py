"""Nobody speaks, and nothing is being made: how long that may last."""

from agent_runtime.conversation.turns.events import ReplyKind


class Idle:
    """One call. After the first `timeout_ms` the caller is asked, after the second one he is gone."""

    def __init__(self, timeout_ms: float) -> None:
        self._timeout_ms = timeout_ms
        self._since_ms: float | None = None
        self._was_asked = False

    @property
    def due_ms(self) -> float | None:
        """When `quiet` has something to say."""
        return None if self._since_ms is None else self._since_ms + self._timeout_ms

    def over(self) -> None:
        """Somebody does something."""
        self._since_ms = None

    def answered(self) -> None:
        """The caller is there."""
        self._was_asked = False

    def quiet(self, now_ms: float) -> ReplyKind | None:
        """It is; what the agent says to that: the question, or farewell."""
        if self._since_ms is None:
            self._since_ms = now_ms
            return None
        if now_ms < self._since_ms + self._timeout_ms:
            return None
        kind = ReplyKind.FAREWELL if self._was_asked else ReplyKind.IDLE_QUESTION
        self._since_ms, self._was_asked = None, True
        return kind
