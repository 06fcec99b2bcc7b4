"""Voices to choose from."""
