"""Calls: their rooms, sessions, tickets and what becomes of them."""
