"""A recorded call once more, offline: the same events through today's turn machine and stage engine (rule K6). No clock, no network, no providers."""
