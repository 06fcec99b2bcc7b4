"""The gRPC links to the agent-runtime processes."""
