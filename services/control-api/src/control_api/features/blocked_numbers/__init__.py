"""Who may not call or be called."""
