"""Calls that run now (rule X4)."""
