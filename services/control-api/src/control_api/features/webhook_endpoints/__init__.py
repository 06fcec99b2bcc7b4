"""Integrators' addresses that are told of events, and the deliveries to them (rule RE3)."""
