"""Whose turn it is: a machine without clock and network."""
