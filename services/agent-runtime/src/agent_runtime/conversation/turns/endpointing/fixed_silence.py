"""The agent's `silence_threshold_ms` and nothing else."""

from agent_runtime.conversation.turns.endpointing.pause import Pace, Pause, Verdict


class FixedSilence:
    """Always the usual wait: what holds when no other evidence speaks."""

    def judge(self, pause: Pause) -> Verdict:
        """See `EndpointStrategy`."""
        return Verdict(Pace.USUAL, "silence")
