"""The sound of calls (rules K1, K3)."""
