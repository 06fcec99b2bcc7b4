"""Uploaded audio."""
