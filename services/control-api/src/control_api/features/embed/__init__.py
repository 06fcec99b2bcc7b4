"""Tokens that put an agent on a web page."""
