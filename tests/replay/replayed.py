"""Every scripted call is recorded, and replayed when it is over: today's code must decide as it just did."""

from agent_runtime.conversation.explanation import Explainer, FinishedCall
from agent_runtime.conversation.outlet import EventSink
from agent_runtime.conversation.recording import from_json, to_json
from agent_runtime.replay.player import replay


class Replayed(Explainer):
    """Keeps what processes knew of a call instead of publishing it."""

    def __init__(self, events: EventSink) -> None:
        super().__init__(events)
        self.calls: list[FinishedCall] = []

    def finished(self, call: FinishedCall) -> None:
        """See `Explainer`."""
        self.calls.append(call)

    def check(self) -> None:
        """Raises AssertionError with the decisions that differ."""
        for call in self.calls:
            made = call.recording()
            assert made is not None
            recording = from_json(to_json(made))
            told = [line for difference in replay(recording).differences for line in difference.lines()]
            assert not told, "the replay differs:\n" + "\n".join(told)
