"""A running conversation: the thin shell around the pure rules."""
