"""E-mail conversations."""
