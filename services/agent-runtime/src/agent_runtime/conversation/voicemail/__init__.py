"""A caller leaves a message (rule B3)."""
