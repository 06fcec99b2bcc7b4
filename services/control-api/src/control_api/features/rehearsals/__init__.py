"""Rehearsals of a deploy: recent recorded calls, replayed against the draft (rule D6)."""
