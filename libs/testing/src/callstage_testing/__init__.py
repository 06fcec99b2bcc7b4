"""Fakes that speak the vendors' wires, virtual time, embedded servers, leak checks.

Import from the modules; this package stays empty, because pytest loads it at every start.
"""
