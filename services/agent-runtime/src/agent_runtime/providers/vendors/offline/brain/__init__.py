"""The offline demo brain: a rule-driven dialogue in place of a language model."""

from agent_runtime.providers.vendors.offline.brain.brain import OfflineBrain, decide

__all__ = ["OfflineBrain", "decide"]
