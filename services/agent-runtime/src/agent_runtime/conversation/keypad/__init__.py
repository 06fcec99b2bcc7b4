"""Keypad tones in both directions: `collect_digits` and `send_dtmf` (rule B3)."""
