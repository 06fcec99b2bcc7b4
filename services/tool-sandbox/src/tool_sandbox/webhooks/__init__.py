"""Webhook tools: a signed POST and what its answer means."""
