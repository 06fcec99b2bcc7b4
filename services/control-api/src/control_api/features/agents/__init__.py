"""Agents as editors change them."""
