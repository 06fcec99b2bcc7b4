"""The rules of a conversation as pure functions: no clock, no network; what happened goes in, what follows comes out."""
