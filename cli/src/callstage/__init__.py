"""The callstage command: embedded stack, terminal phone, API commands."""
