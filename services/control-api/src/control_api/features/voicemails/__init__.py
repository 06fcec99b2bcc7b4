"""Messages of callers (rules B3, X2)."""
