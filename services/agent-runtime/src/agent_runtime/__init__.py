"""agent-runtime: the conversation of a call."""
