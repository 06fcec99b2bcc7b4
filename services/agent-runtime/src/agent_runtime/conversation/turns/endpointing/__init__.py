"""When is a pause the end of the caller's turn? One strategy a file, each pure; `endpointer` makes one wait of their verdicts."""

from agent_runtime.conversation.turns.endpointing.endpointer import Endpointer, ModelUse, Wait
from agent_runtime.conversation.turns.endpointing.pause import EndpointStrategy, Pace, Pause, Verdict

__all__ = ["EndpointStrategy", "Endpointer", "ModelUse", "Pace", "Pause", "Verdict", "Wait"]
