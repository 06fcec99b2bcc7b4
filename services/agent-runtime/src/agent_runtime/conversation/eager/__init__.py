"""Answers that are prepared while the caller's turn is probably over, and used only when it is."""

from agent_runtime.conversation.eager.answers import EagerAnswers

__all__ = ["EagerAnswers"]
