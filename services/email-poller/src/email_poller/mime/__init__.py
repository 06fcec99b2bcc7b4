"""Mails as values: reading, judging, cutting and building them. Pure; no sockets, no clock."""
