"""Deploys, their history, and test sessions."""
