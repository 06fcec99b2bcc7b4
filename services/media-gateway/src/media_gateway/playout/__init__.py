"""What was sent to the caller, and what of it has been heard."""
