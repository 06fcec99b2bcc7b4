"""Agents in numbers, for their cards."""
