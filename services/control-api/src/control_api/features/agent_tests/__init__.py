"""Tests of agents: recorded conversations that a draft is held against (rule D6)."""
